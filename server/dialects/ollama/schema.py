"""Requests of Ollama's endpoints."""

from __future__ import annotations

import json
import re
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from fimble.engine.types import JSON_OBJECT, Grammar, Tool

from ...errors import ApiError, invalid, unsupported
from ...limits import MAX_FILE, MAX_MESSAGES, MAX_PARTS, MAX_PROMPT_TOKENS, MAX_TOOLS
from ...schema.base import Body, JsonObject, Name, Number, Text, Whole, Word
from ...schema.tools import Tool as SentTool
from .options import OllamaOptions

Images = Annotated[
    list[Annotated[str, Field(max_length=MAX_FILE)]], Field(max_length=MAX_PARTS, fail_fast=True)
]
TokenIds = Annotated[
    list[Annotated[int, Field(ge=0, lt=2**31)]], Field(max_length=MAX_PROMPT_TOKENS, fail_fast=True)
]
Format = Literal["", "json"] | JsonObject
Think = bool | Literal["", "low", "medium", "high", "max"]
_PLAIN_TEMPLATE = re.compile(r"\{\{-?\s*\.Prompt\s*-?\}\}")
"""The template that adds nothing, which some clients send in place of ``raw``."""


class OllamaBody(Body):
    """What both kinds of requests for text may say."""

    model: Name = Field("", description="A model of /api/tags; any other name means the default one")
    stream: bool = True
    format: Format | None = Field(None, description="`json`, or a JSON schema")
    options: OllamaOptions = Field(default_factory=OllamaOptions)
    keep_alive: Number | Word | None = Field(None, description="Taken and not needed: the server decides it")
    think: Think = Field(False, description="No model here thinks before it answers")
    truncate: bool = Field(True, description="Cut what is too long for the model, instead of refusing it")
    logprobs: bool = False
    top_logprobs: Whole = Field(0, ge=0, le=20, description="Needs `logprobs`")

    def check(self) -> None:
        """Raises for what would be dropped silently otherwise."""
        self.options.check()
        if self.think:
            name = self.model or "default"
            raise ApiError(
                400, "invalid_request_error", "unsupported_parameter",
                f'"{name}" does not support thinking', "think",
            )  # fmt: skip

    def check_load(self) -> None:
        """Raises for a request without any text that asks to unload the model."""
        if _is_zero(self.keep_alive):
            raise unsupported(
                "keep_alive",
                "`keep_alive`: this server decides itself when a model is unloaded. Leave it out.",
            )

    def grammar(self) -> Grammar | None:
        if isinstance(self.format, dict):
            return Grammar("json_schema", json.dumps(self.format))
        return JSON_OBJECT if self.format else None

    @property
    def alternatives(self) -> int | None:
        """How many log-probabilities are told for each token, beside its own; None: not even that."""
        return self.top_logprobs if self.logprobs else None


def _is_zero(keep_alive: float | str | None) -> bool:
    """Zero, as a number of seconds or as a duration such as ``0s``."""
    if isinstance(keep_alive, str):
        return "0" in keep_alive and not re.search("[1-9]", keep_alive)
    return keep_alive == 0


def refuse_images(images: list[str], param: str) -> None:
    if images:
        raise ApiError(
            400, "invalid_request_error", "unsupported_image_input",
            f"`{param}`: no model here can see images. Leave them out.", param,
        )  # fmt: skip


class OllamaGenerateRequest(OllamaBody):
    """A prompt to continue or to answer, or with ``suffix`` a hole to fill in."""

    prompt: Text = Field("", description="Empty, and without a suffix: the model is only loaded")
    suffix: Text = Field("", description="The text behind the cursor; `system` is not needed then")
    system: Text = ""
    raw: bool = Field(False, description="Continue the prompt as it is, without the model's chat template")
    template: Text = Field("", description="Only `{{ .Prompt }}`, which means the same as `raw`")
    context: TokenIds = Field(default_factory=list, description="Refused unless it is empty")
    images: Images = Field(default_factory=list, description="Refused unless it is empty")

    def check(self) -> None:
        super().check()
        refuse_images(self.images, "images")
        if self.template and not self._plain_template:
            raise unsupported(
                "template",
                "`template`: models have their own templates here. Lay the prompt out and set `raw` to true.",
            )
        if self.context:
            raise unsupported(
                "context",
                "`context`: no earlier turns are kept here. Send them as `messages` to POST /api/chat.",
            )
        if self.raw and self.system:
            raise invalid(
                "`system`: with `raw` the prompt goes to the model as it is. Leave out one.", "system"
            )

    @property
    def as_it_is(self) -> bool:
        return self.raw or self._plain_template

    @property
    def _plain_template(self) -> bool:
        return _PLAIN_TEMPLATE.fullmatch(self.template.strip()) is not None


class OllamaFunction(Body):
    name: Name
    arguments: JsonObject = Field(default_factory=dict)


class OllamaToolCall(Body):
    """A call that the model has asked for; ``arguments`` is an object, and not JSON text."""

    id: Name = ""
    function: OllamaFunction


class OllamaMessage(Body):
    """One turn. A tool's answer says whose it is by ``tool_call_id`` or ``tool_name``; without either it
    answers the first call that has no answer yet."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: Text = ""
    images: Images = Field(default_factory=list, description="Refused unless it is empty")
    thinking: Text = Field("", description="Not passed on: no model here has been taught to read it")
    tool_calls: list[OllamaToolCall] = Field(default_factory=list, max_length=MAX_TOOLS, fail_fast=True)
    tool_call_id: Name = ""
    tool_name: Name = ""


class OllamaChatRequest(OllamaBody):
    """A conversation to answer; an empty one only loads the model."""

    messages: list[OllamaMessage] = Field(default_factory=list, max_length=MAX_MESSAGES, fail_fast=True)
    tools: list[SentTool] = Field(default_factory=list, max_length=MAX_TOOLS, fail_fast=True)

    def check(self) -> None:
        super().check()
        for i, message in enumerate(self.messages):
            refuse_images(message.images, f"messages.{i}.images")

    def engine_tools(self) -> tuple[Tool, ...]:
        return tuple(tool.to_engine() for tool in self.tools)


class OllamaShowRequest(Body):
    """``name`` is the older word for ``model``."""

    model: Name = ""
    name: Name = ""
    verbose: bool = False

    @model_validator(mode="after")
    def _one_is_named(self) -> Self:
        if not self.model and not self.name:
            raise ValueError("`model` is required")
        return self

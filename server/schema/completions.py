"""``POST /v1/completions``: the OpenAI-shaped legacy completions."""

from __future__ import annotations

import json
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, Discriminator, Field, RootModel, Tag

from fimble.engine import types as engine
from fimble.engine.prompt.sentinels import Hole

from ..dialects.tabby.schema import TabbyRequest, TabbyResponse
from ..limits import MAX_PROMPT_TOKENS, MAX_PROMPTS
from .base import (
    WHOLE,
    Body,
    DetailedUsage,
    JsonObject,
    Name,
    Stops,
    StreamOptions,
    Temperature,
    Text,
    Whole,
    stop_strings,
)
from .sampling import DryFields, SamplingFields
from .tools import ToolCallMade, ToolFields

Token = Annotated[int, Field(ge=0, lt=2**31), WHOLE]
Tokens = Annotated[list[Token], Field(min_length=1, max_length=MAX_PROMPT_TOKENS, fail_fast=True)]
Prompts = Annotated[list[Text], Field(min_length=1, max_length=MAX_PROMPTS, fail_fast=True)]
TokenPrompts = Annotated[list[Tokens], Field(min_length=1, max_length=MAX_PROMPTS, fail_fast=True)]
Prompt = str | tuple[int, ...]
Wanted = engine.TextRequest | engine.FimRequest


class GrammarBody(Body):
    """What the text must look like."""

    type: Literal["regex", "lark", "json_schema", "llguidance", "gbnf"]
    value: Text | JsonObject = Field(description="A text; for json_schema and llguidance also an object")

    def to_engine(self) -> engine.Grammar:
        value = self.value if isinstance(self.value, str) else json.dumps(self.value)
        return engine.Grammar(self.type, value)


class CompletionsRequest(SamplingFields, DryFields, ToolFields):
    """A prompt to continue; with ``suffix``, a hole to fill in."""

    gated: ClassVar[bool] = False
    """Whether what fills a hole must be as sure as the server's settings say."""
    prompt: Text | Prompts | Tokens | TokenPrompts = Field(description="Text or token ids, one or several")
    model: Name = Field("default", description="A model of /v1/models, or `default`")
    suffix: Text | None = Field(None, description="Text after the hole: fill in the middle")
    max_tokens: Whole = Field(16, ge=0, le=1_000_000, description="0 evaluates the prompt and ends")
    n: Whole = Field(1, ge=1, le=16)
    best_of: Whole = Field(1, ge=1, le=20, description="At least `n`: candidates, the likeliest are answered")
    echo: bool = Field(False, description="Put the prompt ahead of the text")
    stop: Stops | None = None
    stream: bool = False
    stream_options: StreamOptions | None = None
    temperature: Temperature | None = Field(None, description="Left out: the most likely tokens")
    logprobs: Annotated[int, Field(ge=0, le=20), WHOLE] | None = Field(
        None, description="This many most likely tokens at each place"
    )
    user: Name = Field("", description="Accepted for other clients' sake; keys tell users apart here")
    truncate_sequence: bool = Field(False, description="Cut a prompt that is too long from the left")
    grammar: GrammarBody | None = None

    def prompts(self) -> list[Prompt]:
        """The prompts of the four forms in which one or several can be sent."""
        sent: Any = self.prompt
        if isinstance(sent, str):
            return [sent]
        if isinstance(sent[0], int):
            return [tuple(sent)]
        return [each if isinstance(each, str) else tuple(each) for each in sent]

    def as_it_came(self) -> bool:
        """Whether a hole gets the model's own text, and not a suggestion made of it: where its tokens are
        told or decide which one is best, and where a grammar says what it looks like."""
        return self.logprobs is not None or self.grammar is not None or self.best_of > self.n

    def text_to_engine(self, prompt: Prompt, controls: bool, **common: Any) -> engine.TextRequest:
        """The engine's own request for one of the prompts."""
        return engine.TextRequest(
            prompt,
            echo=self.echo,
            truncate=self.truncate_sequence,
            controls=controls,
            tools=self.engine_tools(),
            tool_choice=self.engine_choice(),
            parallel_tool_calls=self.parallel_tool_calls,
            **self._common(),
            **common,
        )

    def hole_to_engine(self, hole: Hole, **common: Any) -> engine.FimRequest:
        """The engine's own request for the model's text in a hole, as it comes."""
        return engine.FimRequest(
            hole.prefix,
            hole.suffix,
            path=hole.path,
            snippets=hole.snippets,
            mode="block",
            trim=False,
            **self._common(),
            **common,
        )

    def _common(self) -> dict[str, Any]:
        return {
            "sampling": self.sampling(self.temperature or 0.0, self.dry()),
            "stop": stop_strings(self.stop),
            "logprobs": self.logprobs,
            "grammar": self.grammar.to_engine() if self.grammar else None,
        }


def _whose(body: Any) -> str:
    """Tabby's clients send ``segments``, or a raw prompt to debug with and no other."""
    if not isinstance(body, dict):
        return "<tabby>" if isinstance(body, TabbyRequest) else "<openai>"
    options = body.get("debug_options")
    raw = isinstance(options, dict) and options.get("raw_prompt") is not None and "prompt" not in body
    return "<tabby>" if raw or body.get("segments") is not None else "<openai>"


OpenAis = Annotated[CompletionsRequest, Tag("<openai>")]
Tabbys = Annotated[TabbyRequest, Tag("<tabby>")]


class CompletionsBody(RootModel[Annotated[OpenAis | Tabbys, Discriminator(_whose)]]):
    """OpenAI's body: a prompt to continue, or with ``suffix`` a hole to fill in. With ``segments`` it is
    Tabby's."""


class LegacyLogprobs(BaseModel):
    """Four lists of the same length, one entry for each token."""

    tokens: list[str] = Field(description=r"Texts; a token that is no whole character reads bytes:\xNN")
    token_logprobs: list[float | None]
    top_logprobs: list[dict[str, float] | None]
    text_offset: list[int] = Field(description="Where the token begins in `text`, in characters")


class TextChoice(BaseModel):
    text: str
    index: int
    logprobs: LegacyLogprobs | None
    finish_reason: Literal["stop", "length", "tool_calls"] | None
    tool_calls: list[ToolCallMade] | None = None


class CompletionsResponse(BaseModel):
    """OpenAI's ``text_completion``; the events of a stream have the same shape."""

    id: str
    object: Literal["text_completion"]
    created: int
    model: str
    choices: list[TextChoice]
    usage: DetailedUsage | None = None


class CompletionsAnswer(RootModel[CompletionsResponse | TabbyResponse]):
    """OpenAI's answer, or Tabby's to its own clients."""

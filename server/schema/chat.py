"""``POST /v1/chat/completions``: the OpenAI-shaped chat, with a gateway's parameters."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from ..limits import MAX_MESSAGES, MAX_UPSTREAMS
from .base import (
    WHOLE,
    Body,
    Description,
    DetailedUsage,
    JsonObject,
    Name,
    Number,
    Stops,
    StreamOptions,
    Temperature,
    Whole,
    Word,
)
from .messages import Message
from .sampling import SamplingFields
from .tools import ToolCallMade, ToolFields

Effort = Literal["none", "minimal", "low", "medium", "high"]
Names = Annotated[list[Name], Field(max_length=MAX_UPSTREAMS, fail_fast=True)]
TokenLimit = Annotated[int, Field(ge=0, le=1_000_000), WHOLE]
Reason = Literal["stop", "length", "tool_calls", "content_filter"]


class JsonSchema(Body):
    name: str = Field(max_length=64)
    schema_: JsonObject = Field(default_factory=lambda: {"type": "object"}, alias="schema")
    description: Description = ""
    strict: bool = False


class ResponseFormat(Body):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema | None = None


class MaxPrice(Body):
    prompt: Number | None = None
    completion: Number | None = None
    request: Number | None = None
    image: Number | None = None


class Provider(Body):
    """Chooses among upstreams that serve the model."""

    sort: Literal["price", "throughput", "latency"] | None = None
    order: Names = Field(default_factory=list)
    only: Names = Field(default_factory=list)
    ignore: Names = Field(default_factory=list)
    max_price: MaxPrice | None = None


class Reasoning(Body):
    effort: Effort | None = None
    max_tokens: TokenLimit | None = None


class Plugin(Body):
    """``context-compression`` drops from the middle of the conversation what exceeds ``max_tokens``."""

    id: Literal["web", "file-parser", "response-healing", "context-compression"]
    enabled: bool = True
    max_tokens: Annotated[int, Field(ge=1, le=1_000_000), WHOLE] | None = None


class GatewayFields(Body):
    """Parameters of a gateway. Those that choose among upstreams need some: 400 without."""

    models: Names = Field(default_factory=list, description="Tried in order")
    route: Literal["fallback"] | None = None
    provider: Provider | None = None
    reasoning: Reasoning | None = None
    transforms: list[Literal["middle-out"]] = Field(default_factory=list, max_length=8, fail_fast=True)
    plugins: list[Plugin] = Field(default_factory=list, max_length=8, fail_fast=True)

    def plugin(self, name: str) -> Plugin | None:
        return next((each for each in self.plugins if each.id == name and each.enabled), None)


class ChatCompletionsRequest(SamplingFields, ToolFields, GatewayFields):
    """A conversation to answer."""

    messages: list[Message] = Field(min_length=1, max_length=MAX_MESSAGES, fail_fast=True)
    model: Name = Field("default", description="A model of /v1/models, or `default`")
    max_tokens: TokenLimit | None = Field(None, description="0 evaluates the conversation and ends")
    max_completion_tokens: TokenLimit | None = Field(None, description="The newer name of `max_tokens`")
    temperature: Temperature = 1.0
    n: Whole = Field(1, ge=1, le=16)
    stream: bool = False
    stream_options: StreamOptions | None = None
    stop: Stops | None = None
    logprobs: bool = False
    top_logprobs: Whole = Field(0, ge=0, le=20, description="Needs `logprobs`")
    response_format: ResponseFormat | None = None
    structured_outputs: bool = Field(False, description="JSON schemas are always kept to here")
    reasoning_effort: Effort = "none"
    language: Word = Field("", description="Of the code, for models that are not chat-tuned")


class TopLogprob(BaseModel):
    token: str
    logprob: float
    bytes: list[int]


class ContentLogprob(TopLogprob):
    top_logprobs: list[TopLogprob]


class ChatLogprobs(BaseModel):
    content: list[ContentLogprob]


class AnswerMessage(BaseModel):
    role: Literal["assistant"]
    content: str | None
    tool_calls: list[ToolCallMade] | None = None


class ChatChoice(BaseModel):
    index: int
    message: AnswerMessage
    finish_reason: Reason
    logprobs: ChatLogprobs | None = None


class ChatCompletionsResponse(BaseModel):
    """OpenAI's ``chat.completion``."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[ChatChoice]
    usage: DetailedUsage


class AnswerDelta(BaseModel):
    role: Literal["assistant"] | None = None
    content: str | None = None
    tool_calls: list[ToolCallMade] | None = None


class DeltaChoice(BaseModel):
    index: int
    delta: AnswerDelta
    finish_reason: Reason | None
    logprobs: ChatLogprobs | None = None


class ChatCompletionsChunk(BaseModel):
    """OpenAI's ``chat.completion.chunk``; with ``include_usage`` the last one has no choices."""

    id: str
    object: Literal["chat.completion.chunk"]
    created: int
    model: str
    choices: list[DeltaChoice]
    usage: DetailedUsage | None = None

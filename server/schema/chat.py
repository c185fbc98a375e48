"""``POST /v1/chat/completions``: the OpenAI-shaped chat, with a gateway's parameters."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from ..limits import MAX_MESSAGES
from .base import (
    Body,
    Description,
    DetailedUsage,
    JsonObject,
    Name,
    Stops,
    StreamOptions,
    Temperature,
    Whole,
    Word,
)
from .gateway import Effort, GatewayFields, TokenLimit
from .messages import Message
from .sampling import SamplingFields
from .tools import ToolCallMade, ToolFields

Reason = Literal["stop", "length", "tool_calls", "content_filter"]


class JsonSchema(Body):
    name: str = Field(max_length=64)
    schema_: JsonObject = Field(default_factory=lambda: {"type": "object"}, alias="schema")
    description: Description = ""
    strict: bool = False


class ResponseFormat(Body):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema | None = None


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
    reasoning_effort: Effort | None = Field(None, description="The same as `reasoning.effort`")
    language: Word = Field("", description="Of the code, for models that are not chat-tuned")


class TopLogprob(BaseModel):
    token: str
    logprob: float
    bytes: list[int]


class ContentLogprob(TopLogprob):
    top_logprobs: list[TopLogprob]


class ChatLogprobs(BaseModel):
    content: list[ContentLogprob]


class UrlCitation(BaseModel):
    """A page that the plugin ``web`` has found; where it counts in the answer nobody knows."""

    url: str
    title: str
    content: str
    start_index: int = 0
    end_index: int = 0


class Annotation(BaseModel):
    type: Literal["url_citation"]
    url_citation: UrlCitation


class AnswerMessage(BaseModel):
    role: Literal["assistant"]
    content: str | None
    reasoning: str | None = Field(None, description="What the model thought before")
    tool_calls: list[ToolCallMade] | None = None
    annotations: list[Annotation] | None = Field(None, description="What `web` has found")


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
    model: str = Field(description="The one that answered")
    provider: str | None = Field(None, description="The upstream that answered, if one did")
    choices: list[ChatChoice]
    usage: DetailedUsage


class AnswerDelta(BaseModel):
    role: Literal["assistant"] | None = None
    content: str | None = None
    reasoning: str | None = None
    tool_calls: list[ToolCallMade] | None = None
    annotations: list[Annotation] | None = None


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
    provider: str | None = None
    choices: list[DeltaChoice]
    usage: DetailedUsage | None = None

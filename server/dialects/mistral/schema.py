"""Bodies of ``POST /v1/fim/completions``: the request, and answers in the shape of a chat's."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from fimble.engine.types import Sampling

from ...schema.base import (
    WHOLE,
    Body,
    JsonObject,
    Name,
    Penalty,
    Seed,
    Share,
    Stops,
    Temperature,
    Text,
    Usage,
    Whole,
)


class MistralRequest(Body):
    """A hole in a file; without ``suffix`` there is nothing behind it."""

    prompt: Text
    model: Name = Field("", description="A name that is not known here means the default model")
    suffix: Text = ""
    temperature: Temperature | None = Field(None, description="Left out: the most likely tokens")
    top_p: Share = 1.0
    frequency_penalty: Penalty = 0.0
    presence_penalty: Penalty = 0.0
    max_tokens: Annotated[int, Field(ge=0, le=1_000_000), WHOLE] | None = Field(
        None, description="0 only reads the prompt"
    )
    min_tokens: Whole = Field(0, ge=0, le=1_000_000, description="More than 0 is refused")
    stop: Stops | None = None
    random_seed: Seed | None = None
    stream: bool = False
    metadata: JsonObject | None = Field(None, description="Accepted; not looked at")
    prompt_cache_key: Name = Field("", description="Documents of another key are other documents")

    def sampling(self) -> Sampling:
        return Sampling(
            temperature=self.temperature or 0.0,
            top_p=self.top_p,
            seed=self.random_seed,
            frequency_penalty=self.frequency_penalty,
            presence_penalty=self.presence_penalty,
        )


class MistralMessage(BaseModel):
    role: Literal["assistant"]
    content: str


class MistralChoice(BaseModel):
    index: int
    message: MistralMessage
    finish_reason: Literal["stop", "length"]


class MistralResponse(BaseModel):
    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[MistralChoice]
    usage: Usage


class MistralDelta(BaseModel):
    """Its role is told once, in the first piece."""

    role: Literal["assistant"] | None = None
    content: str


class MistralDeltaChoice(BaseModel):
    index: int
    delta: MistralDelta
    finish_reason: Literal["stop", "length"] | None


class MistralChunk(BaseModel):
    """A piece of a stream; the last one has the usage."""

    id: str
    object: Literal["chat.completion.chunk"]
    created: int
    model: str
    choices: list[MistralDeltaChoice]
    usage: Usage | None = None

"""``GET /v1/models``, ``GET /v1/models/{id}``, ``GET /health``."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from .base import Name


class ModelPath(BaseModel):
    id: Name


class Capabilities(BaseModel):
    """The same as Mistral's clients read it."""

    completion_chat: bool
    completion_fim: bool
    function_calling: bool
    vision: bool


class Model(BaseModel):
    """What a model can do, from the same table that refuses what it cannot."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str
    context_window: int = Field(description="Tokens of prompt and answer together")
    context_length: int = Field(description="The same")
    supports_vision: bool
    supports_fim: bool
    supports_chat: bool = Field(description="Tuned for chat; others answer it with code after comments")
    supports_tools: bool = Field(description="Trained to call tools; others are told how, in words")
    supports_reasoning: bool = Field(description="May think before it answers")
    backend: str
    loaded: bool = Field(description="Answers at once")
    type: Literal["base"] = Field(description="Read by Mistral's clients")
    capabilities: Capabilities


class ModelList(BaseModel):
    object: Literal["list"]
    data: list[Model]


class Health(BaseModel):
    status: Literal["ok"]
    model: str

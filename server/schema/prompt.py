"""``POST /v1/complete``: a prompt to continue."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from .base import Body, Name, Share, StopString, Text, Usage, Whole, Word


class PromptRequest(Body):
    prompt: Text = Field(description="Code or text to continue")
    model: Name = Field("", description="A model of /v1/models; the default one when left out")
    max_tokens: Whole = Field(500, ge=1, le=8000, description="Within the key's ceiling")
    temperature: Share = Field(0.2, description="0 is deterministic")
    stop: list[StopString] | None = Field(None, max_length=4, fail_fast=True)
    stream: bool = False
    language: Word | None = Field(None, description="A hint, such as python or go")
    system: Text | None = Field(None, description="An instruction, put ahead of the prompt as a comment")


class PromptResponse(BaseModel):
    id: str
    object: Literal["completion"]
    model: str
    content: str
    finish_reason: Literal["stop", "length"]
    usage: Usage
    latency_ms: int
    created_at: str = Field(description="UTC, as in 2026-03-01T04:18:00Z")


class PromptEvent(BaseModel):
    delta: str

"""``GET /v1/usage`` and ``POST /v1/feedback``."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from .base import Body, Name


def _written_out(text: object) -> object:
    """Dates are taken as 2026-03-01 alone, not as a number of seconds."""
    if not isinstance(text, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        raise ValueError("should be a date such as 2026-03-01")
    return text


Day = Annotated[date, BeforeValidator(_written_out)]


class UsageQuery(BaseModel):
    """UTC days, the last one included."""

    first: Day | None = Field(None, description="By default 30 days before `last`")
    last: Day | None = Field(None, description="By default today")
    key: Name | None = Field(None, description="A key's id, or `all`: needs the scope admin")


class UsageRow(BaseModel):
    """What one key has used of one model on one endpoint in one day."""

    key: str
    day: date
    model: str
    endpoint: str
    requests: int
    errors: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    shown: int
    accepted: int
    p50_ms: float | None = Field(description="Of requests without error, within about a tenth")
    p95_ms: float | None
    p99_ms: float | None


class UsageTotal(BaseModel):
    requests: int
    errors: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    shown: int
    accepted: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


class UsageResponse(BaseModel):
    object: Literal["list"]
    first: date
    last: date
    data: list[UsageRow]
    total: UsageTotal


class FeedbackRequest(Body):
    """What became of a suggestion. No text is sent."""

    event: Literal["shown", "accepted"]
    model: Name = ""


class FeedbackResponse(BaseModel):
    noted: bool = Field(description="False where this server counts no usage")

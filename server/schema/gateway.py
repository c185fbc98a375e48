"""What a gateway's clients say of who should answer, and what should be done beside answering."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ..limits import MAX_SEARCH_PROMPT, MAX_UPSTREAMS, SEARCH_RESULTS
from .base import WHOLE, Body, Name, Number

Effort = Literal["none", "minimal", "low", "medium", "high"]
Names = Annotated[list[Name], Field(max_length=MAX_UPSTREAMS, fail_fast=True)]
TokenLimit = Annotated[int, Field(ge=0, le=1_000_000), WHOLE]
Dollars = Annotated[Number, Field(ge=0)] | Annotated[str, Field(pattern=r"^[0-9]{1,9}(\.[0-9]{1,18})?$")]
"""Clients write prices as numbers, and as texts of numbers."""


class MaxPrice(Body):
    """The most that an upstream may cost, in dollars; no upstream has a price for images."""

    prompt: Dollars | None = Field(None, description="For a million tokens")
    completion: Dollars | None = Field(None, description="For a million tokens")
    request: Dollars | None = None
    image: Dollars | None = None


class Provider(Body):
    """Chooses among upstreams that serve the model, by name."""

    sort: Literal["price", "throughput", "latency"] | None = None
    order: Names = Field(default_factory=list, description="Asked first, in this order")
    only: Names = Field(default_factory=list)
    ignore: Names = Field(default_factory=list)
    max_price: MaxPrice | None = None


class Reasoning(Body):
    """How much a model may think before it answers: an effort, or a number of tokens."""

    effort: Effort | None = None
    max_tokens: TokenLimit | None = None
    exclude: bool = Field(False, description="Leave what it thinks out of the answer")


class Plugin(Body):
    """``context-compression`` drops from the middle of the conversation what exceeds ``max_tokens``; ``web``
    puts at most ``max_results`` pages of a search below ``search_prompt``, ahead of what is asked."""

    id: Literal["web", "file-parser", "response-healing", "context-compression"]
    enabled: bool = True
    max_tokens: Annotated[int, Field(ge=1, le=1_000_000), WHOLE] | None = None
    max_results: Annotated[int, Field(ge=1, le=SEARCH_RESULTS), WHOLE] = 5
    search_prompt: Annotated[str, Field(max_length=MAX_SEARCH_PROMPT)] = ""


class GatewayFields(Body):
    """Parameters of a gateway. Those that choose among upstreams need some: 400 without."""

    models: Names = Field(
        default_factory=list, description="Asked in turn, behind `model`, until one answers"
    )
    route: Literal["fallback"] | None = None
    provider: Provider | None = None
    reasoning: Reasoning | None = None
    transforms: list[Literal["middle-out"]] = Field(default_factory=list, max_length=8, fail_fast=True)
    plugins: list[Plugin] = Field(default_factory=list, max_length=8, fail_fast=True)

    def plugin(self, name: str) -> Plugin | None:
        return next((each for each in self.plugins if each.id == name and each.enabled), None)

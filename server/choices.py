"""What endpoints with several choices share: ids, variants of one request, usage, grammars."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

from fimble.engine.types import Asked, Completion, Delta, Sampling

from .call import Spent
from .schema.base import CachedTokens, DetailedUsage

R = TypeVar("R", bound=Asked)
VARIETY = 0.6
"""Temperature of the second and further variants when none was given: greedy ones would all be equal."""


@dataclass(frozen=True, slots=True)
class Head:
    """What all events of one answer have in common."""

    model: str
    id: str
    created: int = field(default_factory=lambda: int(time.time()))


def new_id(prefix: str) -> str:
    return prefix + uuid.uuid4().hex[:24]


def variants(request: R, n: int, heat: float | None) -> list[R]:
    """``n`` requests that differ in their seeds; the first one is exactly what was asked for. ``heat``
    replaces a temperature that was not given, from the second one on."""
    first: Sampling = request.sampling
    varied = first if heat is None else replace(first, temperature=heat)
    seeds = [None if first.seed is None else first.seed + i for i in range(1, n)]
    others = [
        replace(request, sampling=replace(varied, seed=seed), variant=i) for i, seed in enumerate(seeds, 1)
    ]
    return [request, *others]


def reason_of(made: Completion | Delta) -> Literal["stop", "length"]:
    """For the dialects that know only these two."""
    return "length" if made.finish_reason == "length" else "stop"


def usage_of(spent: Spent) -> DetailedUsage:
    return DetailedUsage(
        prompt_tokens=spent.prompt_tokens,
        completion_tokens=spent.completion_tokens,
        total_tokens=spent.tokens,
        prompt_tokens_details=CachedTokens(cached_tokens=spent.cached_tokens),
    )

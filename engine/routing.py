"""What a request may say of the upstreams that answer it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Sort = Literal["price", "throughput", "latency"]
Effort = Literal["none", "minimal", "low", "medium", "high"]


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars for a million tokens of the prompt and of the answer, and for each request. None is free in an
    upstream's price, and no bound in a request's."""

    prompt: float | None = None
    completion: float | None = None
    request: float | None = None


@dataclass(frozen=True, slots=True)
class Routing:
    """Which upstreams may be asked, by name, and in which order.

    ``only`` and ``ignore`` choose among them, ``max_price`` leaves out what costs more. Those in ``order``
    come first, as listed; the rest as ``sort`` says (cheapest, fastest or quickest first), or, without it,
    where the document's text has been read before.
    """

    sort: Sort | None = None
    order: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    max_price: Price | None = None


@dataclass(frozen=True, slots=True)
class Reasoning:
    """How much a model may think before it answers: an effort, or a number of tokens."""

    effort: Effort | None = None
    max_tokens: int | None = None

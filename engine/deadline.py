"""Until when an answer is of use, by the event loop's clock."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TypeVar

from .types import Request

R = TypeVar("R", bound=Request)


def deadline_of(request: Request) -> float | None:
    """When the time of a request that has just come is over; None: never."""
    if request.deadline_ms is None:
        return None
    return asyncio.get_running_loop().time() + request.deadline_ms / 1000


def with_rest(request: R, deadline: float | None) -> R:
    """The request with the time that is left until the deadline."""
    if deadline is None:
        return request
    left = max(0.0, deadline - asyncio.get_running_loop().time())
    return replace(request, deadline_ms=left * 1000)

"""How long work takes: the median of several rounds."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from .effort import effort
from .tables import percentile

ROUNDS_SECONDS = 2.0
"""As many rounds are made as fit into this, at least one."""


class Rounds:
    """Rounds of work until the time is over."""

    def __init__(self) -> None:
        self._seconds: list[float] = []
        self._ends = time.perf_counter() + effort(ROUNDS_SECONDS, 0.2)

    def add(self, seconds: float) -> None:
        self._seconds.append(seconds)

    @property
    def enough(self) -> bool:
        return bool(self._seconds) and time.perf_counter() >= self._ends

    @property
    def median(self) -> float:
        return percentile(self._seconds, 0.5)


def median(work: Callable[[], object]) -> float:
    """Seconds of one round."""
    rounds = Rounds()
    while not rounds.enough:
        began = time.perf_counter()
        work()
        rounds.add(time.perf_counter() - began)
    return rounds.median


async def median_of(work: Callable[[], Awaitable[object]]) -> float:
    """Seconds of one round of work that waits."""
    rounds = Rounds()
    while not rounds.enough:
        began = time.perf_counter()
        await work()
        rounds.add(time.perf_counter() - began)
    return rounds.median

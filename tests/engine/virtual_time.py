"""An event loop whose clock jumps to the next timer: nothing is waited for, and waiting in vain is found.

So is what never comes to an end, be it that timers follow timers or that no time passes at all.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
DAY = 86_400.0
ROUNDS_AT_A_TIME = 20_000


class NothingLeft(AssertionError):
    """Everybody waits, and nothing will ever happen."""


class NoEnd(AssertionError):
    """Things go on happening, and nobody is the wiser for it."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """For code without real I/O. ``time`` is in seconds and begins at 0."""

    def __init__(self) -> None:
        super().__init__(_Selector(self))
        self.now = 0.0

    def time(self) -> float:
        return self.now


class _Selector(selectors.DefaultSelector):
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop
        self._rounds = 0

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            raise NothingLeft
        self._rounds = 0 if timeout > 0 else self._rounds + 1
        self._loop.now += timeout
        if self._loop.now > DAY or self._rounds > ROUNDS_AT_A_TIME:
            raise NoEnd
        return super().select(0)


def run(work: Coroutine[Any, Any, T]) -> T:
    """The work's result; fails for every task that is left behind, and for what the loop had to report."""
    loop, reports = VirtualLoop(), list[dict[str, Any]]()
    loop.set_exception_handler(lambda _, report: reports.append(report))
    try:
        result = loop.run_until_complete(work)
        left = asyncio.all_tasks(loop)
        assert not left, f"left behind: {left}"
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
    assert not reports, reports
    return result

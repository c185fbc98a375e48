"""Several sources of the same answer, asked one after the other: who speaks first goes on alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass

from ..errors import (
    FimbleError,
    NoFimTokens,
    Overloaded,
    UnsupportedParameter,
    UpstreamRefused,
    UpstreamUnavailable,
)
from ..types import Delta

Source = AsyncGenerator[Delta]
Errors = tuple[type[FimbleError], ...]
AWAY: Errors = (UpstreamUnavailable,)
ELSEWHERE: Errors = (UpstreamUnavailable, UpstreamRefused, Overloaded, UnsupportedParameter, NoFimTokens)
"""Errors after which another upstream may have an answer."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A source that may be asked. When it has said nothing for ``patience`` seconds, the next one is asked as
    well; None: never. ``on_late`` hears that another one spoke first. It is asked in the place of one that
    failed with an error of ``stands_in_for``."""

    ask: Callable[[], Source]
    patience: float | None = None
    on_late: Callable[[], None] = lambda: None
    stands_in_for: Errors = ELSEWHERE


async def first_to_speak(attempts: Sequence[Attempt]) -> Source:
    """The pieces of whoever speaks first. Before that the next one is asked when one is late, or fails with
    an error that another may not have; after it, errors are the answer's."""
    race = _Race(attempts)
    try:
        winner = await race.run()
        async for delta in winner.pieces():
            yield delta
    finally:
        await race.close()


class _Race:
    def __init__(self, attempts: Sequence[Attempt]) -> None:
        self._left = list(attempts)
        self._asked: list[_Asked] = []

    async def run(self) -> _Asked:
        """Ask until one speaks; the others are closed then."""
        self._ask_next()
        while True:
            running = [each for each in self._asked if not each.task.done()]
            late = await self._wait(running)
            ended = [each for each in running if each.task.done()]
            if (winner := self._judged(ended)) is not None:
                return await self._won(winner)
            if late and self._left:
                self._ask_next()

    async def close(self) -> None:
        await _close(self._asked)

    def _ask_next(self) -> None:
        self._asked.append(_Asked(self._left.pop(0)))

    async def _wait(self, running: list[_Asked]) -> bool:
        """Until one of them has spoken or failed; whether the newest is late."""
        patience = self._asked[-1].attempt.patience if self._left else None
        tasks = [each.task for each in running]
        done, _ = await asyncio.wait(tasks, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        return not done

    def _judged(self, ended: list[_Asked]) -> _Asked | None:
        """The source that is listened to, if it is known: one that spoke; the first in line, if the request
        itself is wrong; or when all have failed, the one whose error is told. After an error that others may
        not have, the next one is asked."""
        for each in ended:
            if each.error is None:
                return each
        for each in ended:
            if isinstance(each.error, ELSEWHERE):
                self._left = [left for left in self._left if isinstance(each.error, left.stands_in_for)]
                if self._left:
                    self._ask_next()
            elif each is self._asked[0]:
                return each
        all_failed = all(each.error is not None for each in self._asked)
        return self._telling(ended) if all_failed else None

    def _telling(self, ended: list[_Asked]) -> _Asked:
        """All have failed: a key that was refused is what the user can mend, else the last error counts."""
        refused = (each for each in self._asked if isinstance(each.error, UpstreamRefused))
        return next(refused, ended[-1])

    async def _won(self, winner: _Asked) -> _Asked:
        place = self._asked.index(winner)
        for each in self._asked[:place]:
            if not each.task.done():
                each.attempt.on_late()
        await _close(self._asked[:place] + self._asked[place + 1 :])
        return winner


async def _close(asked: Sequence[_Asked]) -> None:
    """Stop them. Whoever waits for that may be cancelled meanwhile: all of them stop nevertheless."""
    for each in asked:
        each.task.cancel()
    await asyncio.gather(*(each.task for each in asked), return_exceptions=True)
    for each in asked:
        await each.source.aclose()


class _Asked:
    """A source whose first piece is waited for."""

    def __init__(self, attempt: Attempt) -> None:
        self.attempt = attempt
        self.source = attempt.ask()
        self.task = asyncio.ensure_future(anext(self.source, None))

    @property
    def error(self) -> BaseException | None:
        """Why it failed before it said anything."""
        return self.task.exception() if self.task.done() and not self.task.cancelled() else None

    async def pieces(self) -> Source:
        """All of them; none if it ended without one."""
        first = await self.task
        if first is None:
            return
        yield first
        async for delta in self.source:
            yield delta

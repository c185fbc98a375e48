"""A remote engine with the local one behind it, for when the server is away."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from ..errors import UpstreamUnavailable
from ..types import Delta, FimRequest, ModelInfo, Request
from .base import Backend

AWAY_SECONDS = 20.0
"""How long a failure is remembered, so that not every keystroke waits for a server that is down."""


class FallbackBackend:
    """Asks ``first``; while it is unavailable, asks the backend that ``make_second`` makes on demand."""

    def __init__(self, first: Backend, make_second: Callable[[], Backend]) -> None:
        self._first, self._make_second = first, make_second
        self._second: Backend | None = None
        self._away_until = 0.0
        self.slots = first.slots

    @property
    def trims(self) -> bool:
        return False  # what the remote engine trimmed is not changed by trimming it again

    @property
    def away(self) -> bool:
        """Whether the first one failed a moment ago."""
        return time.monotonic() < self._away_until

    async def info(self) -> ModelInfo:
        if not self.away:
            try:
                return await self._first.info()
            except UpstreamUnavailable:
                self._note_failure()
        return await self._local().info()

    async def generate(self, request: Request) -> AsyncGenerator[Delta]:
        if not self.away:
            started = False
            try:
                async with aclosing(self._first.generate(request)) as deltas:
                    async for delta in deltas:
                        started = True
                        yield delta
                return
            except UpstreamUnavailable:
                self._note_failure()
                if started:
                    raise
        async with aclosing(self._local().generate(request)) as deltas:
            async for delta in deltas:
                yield delta

    async def warm(self, request: FimRequest) -> None:
        await (self._local() if self.away else self._first).warm(request)

    async def close(self) -> None:
        await self._first.close()
        if self._second is not None:
            await self._second.close()

    def _local(self) -> Backend:
        if self._second is None:
            self._second = self._make_second()
        return self._second

    def _note_failure(self) -> None:
        self._away_until = time.monotonic() + AWAY_SECONDS

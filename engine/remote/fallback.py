"""A remote engine with the local one behind it, for when the server is away or late."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace

from ..backends.base import Backend
from ..errors import FimbleError, UpstreamUnavailable
from ..serving import Serving
from ..types import Delta, FimRequest, ModelInfo, Request
from .health import Health
from .race import first_to_speak

OnServing = Callable[[Serving], None]


class FallbackBackend:
    """Asks ``first``; where it is late as well, and where it is away instead, the backend that
    ``make_second`` makes on demand. A server that is away is looked for behind the requests, so none of
    them waits for it. ``on_serving`` hears whenever another one of the two answers."""

    trims = False  # what the remote engine trimmed is not changed by trimming it again

    def __init__(
        self,
        first: Backend,
        make_second: Callable[[], Backend],
        health: Health,
        on_serving: OnServing = lambda serving: None,
    ) -> None:
        self._first, self._make_second, self._health = first, make_second, health
        self._second: Backend | None = None
        self._on_serving = on_serving
        self._told = first.serving.engine
        self._search: asyncio.Task[None] | None = None
        self.slots = first.slots

    @property
    def serving(self) -> Serving:
        if not self._health.away:
            return self._first.serving
        local = self._second.serving if self._second else Serving("local")
        return replace(local, instead_of=self._first.serving.engine, why=self._health.why)

    async def info(self) -> ModelInfo:
        if not self._health.away:
            try:
                return await self._first.info()
            except UpstreamUnavailable as error:
                self._lost(error)
        return await self._local().info()

    async def check(self) -> ModelInfo:
        found = await self.info()
        return await self._local().check() if self._health.away else found

    async def generate(self, request: Request) -> AsyncGenerator[Delta]:
        if self._health.away:
            self._look_for_first()
            source = self._ask_second(request)
        else:
            source = first_to_speak(
                self._ask_first(request),
                lambda: self._ask_second(request),
                self._health.patience,
                self._health.late,
            )
        async with aclosing(source) as deltas:
            async for delta in deltas:
                yield delta

    async def warm(self, request: FimRequest) -> None:
        if self._health.away:
            self._look_for_first()
            await self._local().warm(request)
        else:
            await self._first.warm(request)

    async def close(self) -> None:
        search = [] if self._search is None else [self._search]
        for task in search:
            task.cancel()
        await asyncio.gather(*search, return_exceptions=True)
        await self._first.close()
        if self._second is not None:
            await self._second.close()

    async def _ask_first(self, request: Request) -> AsyncGenerator[Delta]:
        """Its answer, and a note of how it answered. Any error of its own is an answer too."""
        health, asked, heard = self._health, self._health.clock(), False
        try:
            async with aclosing(self._first.generate(request)) as deltas:
                async for delta in deltas:
                    heard = True
                    health.heard()
                    yield delta
        except UpstreamUnavailable as error:
            self._lost(error)
            raise
        except FimbleError:
            heard = True
            health.heard()
            raise
        finally:
            if not heard and not health.away:
                health.waited(health.clock() - asked)
            self._tell()

    async def _ask_second(self, request: Request) -> AsyncGenerator[Delta]:
        async with aclosing(self._local().generate(request)) as deltas:
            async for delta in deltas:
                yield delta

    def _lost(self, error: UpstreamUnavailable) -> None:
        self._health.lost(error.message)
        self._tell()

    def _look_for_first(self) -> None:
        """Look whether the server is back, when that was not done a moment ago."""
        looking = self._search is not None and not self._search.done()
        if not looking and self._health.retry_now():
            self._search = asyncio.get_running_loop().create_task(self._look())

    async def _look(self) -> None:
        try:
            await self._first.info()
        except UpstreamUnavailable as error:
            self._health.why = error.message
        except FimbleError:
            self._health.found()  # the server answers again, with an error that the caller should see
        else:
            self._health.found()
        self._tell()

    def _tell(self) -> None:
        serving = self.serving
        if serving.engine != self._told:
            self._told = serving.engine
            self._on_serving(serving)

    def _local(self) -> Backend:
        if self._second is None:
            self._second = self._make_second()
        return self._second

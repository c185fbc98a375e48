"""A model that a replica keeps open until another one needs its place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress

from ..backends.local import LocalBackend
from ..types import FimRequest
from ..workers.messages import Piece, Run
from .limits import UNLOAD_SECONDS


class KeptModel:
    """Ray lets go of it by a call of ``__del__`` from a thread, and waits for that before it opens the next
    one; answers that are under way come to their end before."""

    def __init__(self, backend: LocalBackend) -> None:
        self.backend = backend
        self.running, self.closed = 0, False
        self._loop = asyncio.get_running_loop()
        self._idle = asyncio.Event()
        self._idle.set()

    async def run(self, run: Run) -> AsyncGenerator[Piece]:
        """The pieces of an answer."""
        self.running += 1
        self._idle.clear()
        try:
            if run.warm and isinstance(run.request, FimRequest):
                await self.backend.warm(run.request)
                return
            async with aclosing(self.backend.generate(run.request)) as deltas:
                async for delta in deltas:
                    yield Piece(0, delta)
        finally:
            self.running -= 1
            if not self.running:
                self._idle.set()

    def __del__(self) -> None:
        if self.closed or self._loop.is_closed():
            return
        with suppress(RuntimeError):
            asyncio.get_running_loop()
            return  # nobody let go of it; the process ends, and its workers with it
        self.closed = True
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(UNLOAD_SECONDS + 5)

    async def _close(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(UNLOAD_SECONDS):
                await self._idle.wait()
        await self.backend.close()

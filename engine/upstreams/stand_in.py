"""The local model behind upstreams, which answers while they are away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from ..backends.base import Backend
from ..errors import FimbleError
from ..serving import Serving
from ..types import FimRequest

LOCAL = "local"
"""What requests call the local model among the upstreams."""
READ_SECONDS = 2.0
"""So often it reads what is typed while upstreams answer."""
READ_SHARE = 0.1
"""At most this part of the time goes into that."""


class StandIn:
    """``make`` makes the model's backend, when it is needed first."""

    def __init__(self, make: Callable[[], Backend]) -> None:
        self._make = make
        self._made: Backend | None = None
        self._reading: asyncio.Task[None] | None = None
        self._read_at = 0.0

    @property
    def backend(self) -> Backend:
        if self._made is None:
            self._made = self._make()
        return self._made

    @property
    def serving(self) -> Serving:
        return self._made.serving if self._made else Serving(LOCAL)

    def read_along(self, request: FimRequest) -> None:
        """Let the model read what an upstream was asked, now and then. Who types when the upstream dies must
        wait neither for the model to be opened nor for it to read the whole document."""
        busy = self._reading is not None and not self._reading.done()
        if not busy and asyncio.get_running_loop().time() >= self._read_at:
            self._reading = asyncio.get_running_loop().create_task(self._read(request))

    async def close(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        if self._made is not None:
            await self._made.close()

    async def _read(self, request: FimRequest) -> None:
        began = asyncio.get_running_loop().time()
        with suppress(FimbleError):  # who needs the model is told why it cannot be opened
            await self.backend.warm(request)
        now = asyncio.get_running_loop().time()
        self._read_at = now + max(READ_SECONDS, (now - began) / READ_SHARE)

"""An upstream as a backend: requests become what its wire says, and what it answers becomes deltas."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from dataclasses import replace

from ..backends.limited import limited
from ..deadline import deadline_of
from ..limits import UPSTREAM_TEXT_CHARACTERS
from ..serving import Serving
from ..types import Delta, FimRequest, ModelInfo, Request
from .base import Ask, Wire
from .exchange import Exchanges
from .failures import Told


class UpstreamBackend:
    """Asks one server. A server that is away, hangs, or answers what no such server does, is
    :class:`~..errors.UpstreamUnavailable`."""

    def __init__(self, exchanges: Exchanges, wire: Wire, slots: int) -> None:
        self._exchanges, self._wire, self.slots = exchanges, wire, slots
        self.trims = wire.trims
        self.model = ""

    @property
    def serving(self) -> Serving:
        return Serving(self._exchanges.address, self.model)

    async def info(self) -> ModelInfo:
        try:
            found = await self._wire.info(self._exchanges.get)
        except ValueError as error:
            raise self._exchanges.malformed(error) from error
        self.model = found.id
        return replace(found, backend=f"remote {self._exchanges.address}")

    async def check(self) -> ModelInfo:
        return await self.info()

    async def generate(self, request: Request) -> AsyncGenerator[Delta]:
        ends_at = deadline_of(request)
        if not self._wire.ready:
            await self.info()
        ask, taken = self._wire.ask(request if self.trims else limited(request)), 0
        async with aclosing(self._pieces(ask, ends_at)) as deltas:
            async for delta in deltas:
                self.model = delta.model or self.model
                taken += len(delta.text) + len(delta.reasoning)
                if taken > UPSTREAM_TEXT_CHARACTERS:
                    raise self._exchanges.malformed(ValueError("its answer does not end"))
                yield delta

    async def warm(self, request: FimRequest) -> None:
        """Nothing: the request itself follows at once, and a server counts and charges both."""

    async def close(self) -> None:
        await self._exchanges.close()

    async def _pieces(self, ask: Ask, ends_at: float | None) -> AsyncGenerator[Delta]:
        async with aclosing(self._exchanges.answer(ask, ends_at)) as answer:
            async for data in answer:
                for delta in self._read(lambda data=data: ask.reader.feed(data)):  # type: ignore[misc]
                    yield delta
                if ask.reader.enough:
                    break
        for delta in self._read(ask.reader.end):
            yield delta

    def _read(self, read: Callable[[], Iterable[Delta]]) -> Iterable[Delta]:
        try:
            return list(read())
        except Told as told:
            raise self._exchanges.failure(told.failure) from told
        except ValueError as error:
            raise self._exchanges.malformed(error) from error

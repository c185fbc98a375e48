"""Two sources of the same answer: the second is asked when the first is late, and the faster one is taken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable

from ..errors import UpstreamUnavailable
from ..types import Delta

Source = AsyncGenerator[Delta]


async def first_to_speak(
    first: Source, make_second: Callable[[], Source], patience: float, on_second: Callable[[], None]
) -> Source:
    """The pieces of ``first``. When it has said nothing for ``patience`` seconds, or fails with
    :class:`UpstreamUnavailable` before it has, the second is asked too; who speaks first goes on alone.
    ``on_second`` hears when that is the second."""
    asked = [lead := _Asked(first)]
    try:
        winner = lead
        await asyncio.wait([lead.task], timeout=patience)
        if lead.lost or not lead.task.done():
            asked.append(reserve := _Asked(make_second()))
            winner = await _faster(lead, reserve)
            if winner is reserve:
                on_second()
            await (reserve if winner is lead else lead).close()
        async for delta in winner.pieces():
            yield delta
    finally:
        for each in asked:
            await each.close()


async def _faster(lead: _Asked, reserve: _Asked) -> _Asked:
    """Whoever speaks first. Only when the lead is lost, the reserve's errors count."""
    while True:
        if lead.task.done() and not lead.lost:
            return lead
        if reserve.task.done() and (lead.lost or reserve.task.exception() is None):
            return reserve
        waiting = [each.task for each in (lead, reserve) if not each.task.done()]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)


class _Asked:
    """A source whose first piece is waited for."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.task = asyncio.ensure_future(anext(source, None))

    @property
    def lost(self) -> bool:
        return self.task.done() and isinstance(self.task.exception(), UpstreamUnavailable)

    async def pieces(self) -> Source:
        """All of them; none if it ended without one."""
        first = await self.task
        if first is None:
            return
        yield first
        async for delta in self._source:
            yield delta

    async def close(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await self._source.aclose()

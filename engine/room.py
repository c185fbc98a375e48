"""Room in memory: before a model is opened, others that nobody waits for make way."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable
from contextlib import suppress

from .limits import UNLOAD_LOOK_SECONDS, UNLOAD_LOOKS
from .served import Served

Spare = Callable[[int], int]
"""How many bytes are left beside open models whose files have so many."""


class Room:
    """Unloads models, the least recently used one first, until the next one fits beside the others.

    Where that is not enough the model is opened all the same: its worker knows best what it needs, and says
    so when there is less. ``busy`` tells whether somebody waits for a model.
    """

    def __init__(self, models: Iterable[Served], busy: Callable[[str], bool], spare: Spare) -> None:
        self._models, self._busy, self._spare = models, busy, spare
        self._lock = asyncio.Lock()

    async def make(self, served: Served) -> None:
        """Make room for a model that is about to be opened."""
        async with self._lock:  # two that are opened at the same time do not count the same memory
            while needed(served) > self._left_beside(served):
                idle = [each for each in self._others(served) if each.opened and not self._busy(each.name)]
                if not idle:
                    return
                await self._unload(min(idle, key=lambda each: each.used_at), served)

    async def _unload(self, idle: Served, served: Served) -> None:
        """Unload a model, and wait a little until its memory is back: a shared engine does it by itself."""
        wanted = self._left_beside(served) + needed(idle) // 2
        await idle.unload()
        for _ in range(UNLOAD_LOOKS):
            if self._left_beside(served) >= wanted:
                return
            await asyncio.sleep(UNLOAD_LOOK_SECONDS)

    def _left_beside(self, served: Served) -> int:
        others = self._others(served)
        opening = sum(needed(each) for each in others if not each.opened)
        return self._spare(sum(needed(each) for each in others if each.opened)) - opening

    def _others(self, served: Served) -> list[Served]:
        return [each for each in self._models if each is not served and each.loaded]


def needed(served: Served) -> int:
    """About how many bytes a model takes: its file, and an eighth for its cache and buffers. 0 where there is
    no file: whoever opens it will say so."""
    with suppress(OSError):
        return os.stat(served.file).st_size * 9 // 8
    return 0

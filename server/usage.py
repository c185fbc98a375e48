"""Counting usage: added up in memory, written every few seconds, off the path of requests.

While the database is away counts stay in memory and are written later; requests go on.
"""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime, timedelta

from .limits import MAX_USAGE_ROWS
from .store import usage as store
from .store.database import Database, DatabaseUnavailable
from .store.usage import Counts, Dimensions, day_of

log = logging.getLogger(__name__)
WRITE_SECONDS = 5.0


class UsageRecorder:
    """``days`` is how long usage is kept; 0 counts nothing."""

    def __init__(self, database: Database, days: int) -> None:
        self._database, self._days = database, days
        self._waiting: dict[Dimensions, Counts] = {}
        self._writing = asyncio.Lock()
        self._forgot = ""
        self._failing = False

    @property
    def active(self) -> bool:
        return self._days > 0

    def add(self, key: str, model: str, endpoint: str, counts: Counts) -> None:
        """Count; never waits and never fails."""
        if not self.active:
            return
        dimensions = Dimensions(key, day_of(time.time()), model[:256], endpoint)
        if dimensions in self._waiting:
            self._waiting[dimensions].add(counts)
        elif len(self._waiting) < MAX_USAGE_ROWS:
            self._waiting[dimensions] = counts

    async def write_often(self) -> None:
        """Write again and again, until cancelled."""
        while True:
            await asyncio.sleep(WRITE_SECONDS)
            await self.write()

    async def write(self) -> bool:
        """Write what has been counted; what cannot be written is kept for the next time. Who waits for it
        may be cancelled, as a client's request for its usage: the writing goes on."""
        return await asyncio.shield(self._write())

    async def _write(self) -> bool:
        async with self._writing:
            try:
                await self._write_waiting()
                await self._forget()
            except DatabaseUnavailable as error:
                if not self._failing:
                    log.warning("usage waits in memory: %s", error.message)
                self._failing = True
                return False
        self._failing = False
        return True

    async def _write_waiting(self) -> None:
        batch, self._waiting = self._waiting, {}
        if not batch:
            return
        try:
            await self._database.run(store.write, batch)
        except DatabaseUnavailable:
            for dimensions, counts in batch.items():
                self._waiting.setdefault(dimensions, Counts()).add(counts)
            raise

    async def read(self, first: str, last: str, keys: list[str] | None) -> dict[Dimensions, Counts]:
        """What is known up to now. Raises :class:`DatabaseUnavailable`."""
        await self.write()
        return await self._database.run(store.read, first, last, keys)

    async def _forget(self) -> None:
        """Once a day, drop what is older than wanted."""
        today = datetime.now(UTC).date()
        if self.active and self._forgot != today.isoformat():
            await self._database.run(store.forget_before, (today - timedelta(days=self._days)).isoformat())
            self._forgot = today.isoformat()

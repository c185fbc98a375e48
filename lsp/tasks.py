"""What runs beside the requests, and ends with the session."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

log = logging.getLogger(__name__)


class Tasks:
    """Tasks of one session; one of them may be work ahead of a request, which gives way to newer work."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()
        self._ahead: asyncio.Task[Any] | None = None
        self._later: asyncio.Task[Any] | None = None

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run something until it ends or the session does."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def spawn_ahead(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run something that nobody has asked for yet, in place of what was begun earlier."""
        self.stop_ahead()
        self._ahead = self.spawn(work)

    def stop_ahead(self) -> None:
        if self._ahead is not None:
            self._ahead.cancel()
            self._ahead = None

    def call_later(self, seconds: float, call: Callable[[], None]) -> None:
        """Do something after a while, in place of an earlier such call; not when the session has ended."""

        async def wait() -> None:
            await asyncio.sleep(seconds)
            call()

        if self._later is not None:
            self._later.cancel()
        self._later = self.spawn(wait())

    async def close(self) -> None:
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("Something beside the requests failed", exc_info=error)

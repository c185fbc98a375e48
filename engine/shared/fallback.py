"""The shared engine, and what an editor does without it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from ..workers.messages import Command
from ..workers.transports import OnExit, OnReply, Transport

log = logging.getLogger(__name__)


class FallbackTransport:
    """A :class:`~..workers.transports.Transport` to the shared engine, or to a worker of this editor's own
    when the shared one cannot be joined. The next start tries the shared one again."""

    def __init__(self, shared: Transport, make_own: Callable[[], Transport]) -> None:
        self._chosen, self._make_own = shared, make_own
        self.fallback_reason = ""

    @property
    def process_id(self) -> int | None:
        return self._chosen.process_id

    async def start(self, on_reply: OnReply, on_exit: OnExit) -> None:
        """Join, or start the worker; :class:`OSError` when neither can be done."""
        try:
            await self._chosen.start(on_reply, on_exit)
        except OSError as error:
            self.fallback_reason = str(error)
            log.warning("%s This editor runs a model of its own meanwhile.", error)
            self._chosen = self._make_own()
            await self._chosen.start(on_reply, on_exit)

    def send(self, command: Command) -> None:
        self._chosen.send(command)

    async def stop(self) -> None:
        await self._chosen.stop()

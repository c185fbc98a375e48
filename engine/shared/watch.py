"""Notices that the service no longer answers: it was stopped, or it hangs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ..limits import SILENT_SECONDS
from ..workers.messages import Cancel, Command, Ended, Open, Opened, OpenFailed, Reply, Run

_OPENING = 0
"""Stands among the ids of jobs, which begin with 1, for the opening of the model."""


class Watch:
    """While an answer is due, asks the service for a sign of life, and gives up when two are missing.

    An editor in which nobody types causes no traffic.
    """

    def __init__(self, ask: Callable[[], object], give_up: Callable[[], object]) -> None:
        self._ask, self._give_up = ask, give_up
        self._due: set[int] = set()
        self._begun = asyncio.Event()
        self._heard = True
        self.gave_up = False

    def sent(self, command: Command) -> None:
        match command:
            case Open():
                self._due.add(_OPENING)
            case Run(id=id):
                self._due.add(id)
            case Cancel(id=id):
                self._due.discard(id)
        if self._due:
            self._begun.set()

    def received(self, reply: Reply) -> None:
        self._heard = True
        match reply:
            case Opened() | OpenFailed():
                self._due.discard(_OPENING)
            case Ended(id=id):
                self._due.discard(id)

    async def run(self) -> None:
        """Watch until the service is given up."""
        missing = 0
        while missing < 2:
            if not self._due:
                missing = 0
                self._begun.clear()
                await self._begun.wait()
            self._heard = False
            self._ask()
            await asyncio.sleep(SILENT_SECONDS / 2)
            missing = 0 if self._heard else missing + 1
        self.gave_up = True
        self._give_up()

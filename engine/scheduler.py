"""Who runs next.

For each document at most one request runs and one waits: a newer one takes the place of both. Between
people turns are taken in rotation, so that one person's burst does not hold up the others. The queue is
bounded. Warming a cache never holds up a request. All of it lives on one event loop, without locks.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

from .errors import DeadlineExceeded, Overloaded, Superseded


@dataclass(eq=False, slots=True)
class Ticket:
    """A place in the queue. ``supersede`` is called when a newer request replaces it while it runs."""

    document: str | None
    user: str
    supersede: Callable[[], object]
    warm: bool = False
    turn: asyncio.Future[None] | None = field(default=None, init=False)

    def replaces(self, other: Ticket) -> bool:
        """A request replaces everything of its document; warming replaces only warming."""
        same = self.document is not None and (self.document, self.user) == (other.document, other.user)
        return same and (other.warm or not self.warm)


class Scheduler:
    """Hands out ``slots`` turns at a time."""

    def __init__(self, slots: int, max_waiting: int) -> None:
        self._slots, self._max_waiting = slots, max_waiting
        self._running: set[Ticket] = set()
        self._waiting: list[Ticket] = []
        self._served: dict[str, int] = {}
        self._turns = itertools.count(1)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def running(self) -> int:
        return len(self._running)

    async def acquire(self, ticket: Ticket, deadline_seconds: float | None = None) -> None:
        """Wait for a turn. Raises :class:`Superseded`, :class:`Overloaded`, :class:`DeadlineExceeded`."""
        if ticket.warm and any(other.replaces(ticket) for other in [*self._running, *self._waiting]):
            raise Superseded("A request for the same document is already under way.")
        self._replace_older(ticket)
        if len(self._running) < self._slots and not self._waiting:
            self._running.add(ticket)
            return
        if len(self._waiting) >= self._max_waiting:
            raise Overloaded("Too many requests are waiting. Try again in a second.")
        ticket.turn = asyncio.get_running_loop().create_future()
        self._waiting.append(ticket)
        self._start_next()
        try:
            async with asyncio.timeout(deadline_seconds):
                await ticket.turn
        except BaseException as error:
            self._withdraw(ticket)
            if isinstance(error, TimeoutError):
                raise DeadlineExceeded("The deadline passed while the request waited.") from error
            raise

    def _withdraw(self, ticket: Ticket) -> None:
        if ticket in self._waiting:
            self._waiting.remove(ticket)
        else:
            self.release(ticket)

    def release(self, ticket: Ticket) -> None:
        """Give a turn back."""
        self._running.discard(ticket)
        self._start_next()

    def _replace_older(self, ticket: Ticket) -> None:
        for other in [other for other in self._waiting if ticket.replaces(other)]:
            self._waiting.remove(other)
            if other.turn is not None and not other.turn.done():
                other.turn.set_exception(Superseded("A newer request took this one's place."))
        for other in [other for other in self._running if ticket.replaces(other)]:
            self._running.discard(other)  # it stops within a token; its slot is free for the newer one
            other.supersede()

    def _start_next(self) -> None:
        while self._waiting and len(self._running) < self._slots:
            ticket = min(self._waiting, key=lambda t: (t.warm, self._served.get(t.user, 0)))
            self._waiting.remove(ticket)
            self._running.add(ticket)
            self._served[ticket.user] = next(self._turns)
            if ticket.turn is not None and not ticket.turn.done():
                ticket.turn.set_result(None)

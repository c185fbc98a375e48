"""Who runs next.

For each document at most one request runs and one waits: a newer one takes the place of both. Between
people turns are taken in rotation, so that one person's burst does not hold up the others. Answers that
take a while have slots of their own, so suggestions never wait for them. Work ahead of time gives up its
slot as soon as a request needs it. The queue of each kind and model is bounded. All of it lives on one
event loop, without locks.

Several models have slots of their own, but one machine: work ahead of time stops while another model
makes a suggestion, and only so many models give answers that take a while at the same time.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

from .errors import DeadlineExceeded, EngineClosed, FimbleError, Overloaded, Superseded
from .limits import AHEAD_WAITING, USERS_REMEMBERED
from .urgency import Urgency


@dataclass(eq=False, slots=True)
class Ticket:
    """A place in the queue. ``stop`` is called with the reason when a running one loses its turn.
    ``variant`` is the request's."""

    document: str | None
    user: str
    urgency: Urgency
    stop: Callable[[FimbleError], object]
    variant: int = 0
    model: str = ""
    turn: asyncio.Future[None] | None = field(default=None, init=False)

    @property
    def ahead(self) -> bool:
        return self.urgency is Urgency.AHEAD

    @property
    def long(self) -> bool:
        """Whether it takes one of the slots for answers that take a while."""
        return self.urgency is Urgency.ANSWER

    @property
    def hurries(self) -> bool:
        return self.urgency is Urgency.SUGGESTION

    def same_document(self, other: Ticket) -> bool:
        return self.document is not None and (self.document, self.user) == (other.document, other.user)

    def replaces(self, other: Ticket) -> bool:
        """A request replaces everything of its document, its further variants nothing; work ahead of time
        only its own kind."""
        return not self.variant and self.same_document(other) and (other.ahead or not self.ahead)


class Scheduler:
    """Hands out ``slots`` turns of a model at a time, and as many to answers that take a while."""

    def __init__(self, slots: int, max_waiting: int, answering: int = 1) -> None:
        """``slots`` are those of models that were not added; ``answering`` is how many models may give
        answers that take a while at the same time."""
        self._slots, self._max_waiting, self._answering = slots, max_waiting, answering
        self._slots_of: dict[str, int] = {}
        self._running: list[Ticket] = []
        self._waiting: list[Ticket] = []
        self._served: dict[str, int] = {}
        self._turns = itertools.count(1)
        self._closed = False

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def running(self) -> int:
        return len(self._running)

    def add(self, model: str, slots: int) -> None:
        """Give a model slots of its own."""
        self._slots_of[model] = slots

    def busy(self, model: str) -> bool:
        """Whether somebody waits for an answer of this model."""
        return any(t.model == model and not t.ahead for t in [*self._running, *self._waiting])

    async def acquire(self, ticket: Ticket, deadline_seconds: float | None = None) -> None:
        """Wait for a turn. Raises :class:`Superseded`, :class:`Overloaded`, :class:`DeadlineExceeded`,
        :class:`EngineClosed`."""
        if self._closed:
            raise _closed()
        others = [*self._running, *self._waiting]
        if ticket.ahead and any(ticket.same_document(other) and not other.ahead for other in others):
            raise Superseded("A request for the same document is already under way.")
        for other in [other for other in others if ticket.replaces(other)]:
            self._end(other, _superseded())
        ticket.turn = asyncio.get_running_loop().create_future()
        self._waiting.append(ticket)
        self._start_next()
        self._bound_queue(ticket)
        try:
            async with asyncio.timeout(deadline_seconds):
                await ticket.turn
        except BaseException as error:
            self.release(ticket)
            if isinstance(error, TimeoutError):
                raise DeadlineExceeded("The deadline passed while the request waited.") from error
            raise

    def release(self, ticket: Ticket) -> None:
        """Give a turn, or the place in the queue, back."""
        for tickets in (self._running, self._waiting):
            if ticket in tickets:
                tickets.remove(ticket)
        self._start_next()

    def end(self, document: str | None, user: str) -> None:
        """End the requests for a document, which was asked for anew and needs no turn."""
        for ticket in [*self._waiting, *self._running]:
            if (
                document is not None
                and (ticket.document, ticket.user) == (document, user)
                and not ticket.ahead
            ):
                self._end(ticket, _superseded())

    def close(self) -> None:
        """End everything that runs or waits with :class:`EngineClosed`, and let nothing more in."""
        self._closed = True
        for ticket in [*self._waiting, *self._running]:
            self._end(ticket, _closed())

    def _end(self, ticket: Ticket, reason: FimbleError) -> None:
        """Take a turn away. What runs stops within a token; its slot is free for others at once."""
        if ticket in self._waiting:
            self._waiting.remove(ticket)
            if ticket.turn is not None and not ticket.turn.done():
                ticket.turn.set_exception(reason)
        elif ticket in self._running:
            self._running.remove(ticket)
            ticket.stop(reason)

    def _bound_queue(self, newest: Ticket) -> None:
        kind = (newest.urgency, newest.model)
        alike = [each for each in self._waiting if (each.urgency, each.model) == kind and not each.variant]
        if newest.ahead and len(alike) > AHEAD_WAITING:
            self._end(alike[0], Superseded("Newer work ahead of time took this one's place."))
        elif not newest.ahead and newest in alike and len(alike) > self._max_waiting:
            self._waiting.remove(newest)
            raise Overloaded("Too many requests are waiting. Try again in a second.")

    def _start_next(self) -> None:
        for long in (False, True):
            while (ticket := self._next(long)) is not None:
                self._make_room(ticket)
                self._waiting.remove(ticket)
                self._running.append(ticket)
                self._note_turn(ticket.user)
                if ticket.turn is not None and not ticket.turn.done():
                    ticket.turn.set_result(None)

    def _next(self, long: bool) -> Ticket | None:
        """Requests go before work ahead of time; then the user who was served longest ago goes first."""
        waiting = (t for t in self._waiting if t.long == long and self._has_slot(t))
        first = min(waiting, key=lambda t: (t.ahead, self._served.get(t.user, 0)), default=None)
        # while the first one waits, so do all behind it: a model that is always asked keeps no other out
        return None if first is not None and first.long and self._too_many_answer(first) else first

    def _has_slot(self, ticket: Ticket) -> bool:
        """Whether its model has a slot, be it one that work ahead of time has to give up."""
        if ticket.ahead and any(t.hurries and t.model != ticket.model for t in self._running):
            return False
        alike = self._alike(ticket)
        return len(alike) < self._slots_for(ticket) or (not ticket.ahead and any(t.ahead for t in alike))

    def _too_many_answer(self, ticket: Ticket) -> bool:
        others = {t.model for t in self._running if t.long and t.model != ticket.model}
        return len(others) >= self._answering

    def _make_room(self, ticket: Ticket) -> None:
        """End work ahead of time: the same model's for its slot, other models' for the processor."""
        alike = self._alike(ticket)
        ended = [t for t in self._running if t.ahead and t.model != ticket.model] if ticket.hurries else []
        if len(alike) >= self._slots_for(ticket):
            ended += [t for t in alike if t.ahead][:1]
        for other in ended:
            self._end(other, Superseded("A request needed the place."))

    def _alike(self, ticket: Ticket) -> list[Ticket]:
        """What runs in the same slots."""
        return [t for t in self._running if (t.model, t.long) == (ticket.model, ticket.long)]

    def _slots_for(self, ticket: Ticket) -> int:
        return self._slots_of.get(ticket.model, self._slots)

    def _note_turn(self, user: str) -> None:
        self._served.pop(user, None)
        self._served[user] = next(self._turns)
        if len(self._served) > USERS_REMEMBERED:
            del self._served[next(iter(self._served))]


def _superseded() -> Superseded:
    return Superseded("A newer request took this one's place.")


def _closed() -> EngineClosed:
    return EngineClosed("The engine was stopped or replaced. Ask again.")

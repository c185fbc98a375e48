"""Notices a worker that hangs.

It is asked whether it gets on as long as something is wanted of it. What counts are its answers, not the
time: a computer or a program that was asleep for an hour does not make its worker look dead. A batch may
take minutes on a slow machine, so a worker that computes is not taken for one that hangs, unless it comes
to no end at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from ..limits import HUNG_PINGS, OPEN_PINGS, PING_SECONDS, START_PINGS, STEP_PINGS
from .messages import Pong, Reply

_COMPUTED_SECONDS = 0.001


@dataclass(frozen=True, slots=True)
class Watched:
    """What a :class:`Watch` needs: whether anything is wanted of the worker, whether it opens its model, how
    to ask it, and whom to tell that it hangs."""

    wanted: Callable[[], bool]
    opening: Callable[[], bool]
    ping: Callable[[], None]
    hangs: Callable[[str], None]


class Watch:
    """Asks from :meth:`begin` on, until nothing is wanted any more."""

    def __init__(self, watched: Watched, ping_seconds: float = PING_SECONDS) -> None:
        self._watched, self._seconds = watched, ping_seconds
        self._timer: asyncio.TimerHandle | None = None
        self._last = Pong(0, 0.0)
        self._heard = self._asked = False
        self._unanswered = self._stuck = self._same_step = 0

    @property
    def watching(self) -> bool:
        return self._timer is not None

    def begin(self) -> None:
        """Watch, if that is not done already."""
        if self._timer is None:
            self._unanswered = self._stuck = self._same_step = 0
            self._timer = asyncio.get_running_loop().call_later(self._seconds, self._look)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def heard(self, reply: Reply) -> None:
        """The worker said something."""
        self._heard, self._unanswered = True, 0
        if not isinstance(reply, Pong):
            self._stuck = self._same_step = 0
            return
        if not self._asked:
            return  # somebody else asked, who knows how shortly after: it need not have got on since
        self._asked = False
        same_step = reply.steps == self._last.steps
        computed = reply.cpu_seconds - self._last.cpu_seconds > _COMPUTED_SECONDS
        self._same_step = self._same_step + 1 if same_step else 0
        self._stuck = self._stuck + 1 if same_step and not computed else 0
        self._last = reply

    def _look(self) -> None:
        self._timer = None
        if not self._watched.wanted():
            return
        why = self._why_it_hangs()
        if why is not None:
            self._watched.hangs(why)
            return
        self._unanswered += 1
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._look)
        if not self._asked:  # many questions at once would be answered at once, with nothing done in between
            self._asked = True
            self._watched.ping()

    def _why_it_hangs(self) -> str | None:
        if self._unanswered >= (HUNG_PINGS if self._heard else START_PINGS):
            return f"it did not answer for {self._unanswered * self._seconds:.0f} s."
        if self._stuck >= HUNG_PINGS:
            return f"it did not get on for {self._stuck * self._seconds:.0f} s."
        if self._same_step >= (OPEN_PINGS if self._watched.opening() else STEP_PINGS):
            return f"it came to no end for {self._same_step * self._seconds:.0f} s."
        return None

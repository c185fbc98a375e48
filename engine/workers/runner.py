"""Runs the jobs of one loaded model: one native call after the other, in which all of them share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..decode.answer import Clock
from ..decode.drafts_gain import Gain
from ..decode.steps import Rows
from ..errors import Superseded
from ..limits import ANSWER_PATIENCE_SECONDS, LONG_CALL_SECONDS
from ..runtimes.base import Aborted, Scores
from ..urgency import Urgency, urgency_of
from .inbox import Inbox
from .job import Job
from .jobs import Jobs, Send, known
from .messages import Cancel, Run
from .opened import OpenedModel
from .pace import Pace
from .places import Places
from .planner import Planner
from .turn import Part, compose


@dataclass(frozen=True, slots=True)
class _Call:
    """The native call that runs: for which jobs, how urgent the most urgent one is, and how long it takes."""

    jobs: frozenset[int]
    urgency: Urgency
    seconds: float


class Runner:
    """A turn is: end what is not wanted, give places, evaluate, hand out what was evaluated.

    A job joins with the turn after it came and leaves with the turn after it was cancelled. A suggestion
    that finds no place takes that of a long answer, which goes on later.
    """

    def __init__(
        self, opened: OpenedModel, window: int, batch: int, inbox: Inbox, send: Send, clock: Clock
    ) -> None:
        self._batch = min(batch, opened.model.batch)
        self._gain, self._pace = Gain(self._batch), Pace(opened.token_seconds)
        self._model, self._places = opened.model, Places(opened.model, clock)
        planner = Planner(opened, window, self._gain)
        self._jobs = Jobs(opened.model, planner, self._places, inbox, send, clock)
        self._inbox, self._clock = inbox, clock
        self._call: _Call | None = None

    @property
    def idle(self) -> bool:
        return self._jobs.idle

    @property
    def pause(self) -> float | None:
        """How long nothing is to be done, in seconds; None: until a command comes."""
        return self._jobs.pause

    def add(self, run: Run, arrived: float) -> None:
        """Begin a job; its deadline counts from ``arrived``."""
        self._jobs.add(run, arrived)

    def step(self) -> None:
        """Do one turn and send what it gave. Each job's last message is its only :class:`Ended`."""
        self._jobs.end_unwanted()
        self._seat()
        seated = [job for job in self._jobs if job.place is not None]
        if seated:
            self._evaluate(compose(seated, self._batch, self._pace, self._clock()))

    def heard(self, command: Run | Cancel) -> None:
        """End the native call that runs if it had better make way for a command that came. From the thread
        that listens.

        A suggestion's call is left alone: it is short, and what it reads is asked for again.
        """
        call = self._call
        if call is None or call.urgency is Urgency.SUGGESTION:
            return
        if isinstance(command, Cancel):
            unwanted = all(self._inbox.cancelled(job) for job in call.jobs)
        else:
            urgent = urgency_of(command.request, warm=command.warm) is not Urgency.AHEAD
            unwanted = urgent and call.urgency is Urgency.AHEAD and call.seconds > LONG_CALL_SECONDS
        if unwanted:
            self._model.abort()

    def stop_call(self) -> None:
        """End the native call that runs, if any. From the thread that listens."""
        if self._call is not None:
            self._model.abort()

    def close(self) -> None:
        """End what is under way and free the model."""
        for job in list(self._jobs):
            self._jobs.end(job, None)
        self._model.close()

    def _seat(self) -> None:
        """Give places, to the most urgent jobs first."""
        waiting = [job for job in self._jobs if job.place is None]
        for job in sorted(waiting, key=self._rank):
            if (job.needs_no_place or self._has_room(job)) and self._jobs.is_planned(job):
                self._find_place(job)

    def _rank(self, job: Job) -> tuple[int, float]:
        """A long answer lets suggestions pass, until it got nothing for a while."""
        impatient = self._clock() - job.advanced > ANSWER_PATIENCE_SECONDS
        first = job.urgency is Urgency.ANSWER and impatient
        return (-1 if first else job.urgency), job.arrived

    def _has_room(self, job: Job) -> bool:
        return any(place.free for place in self._places.all) or self._weaker(job) is not None

    def _weaker(self, job: Job) -> Job | None:
        """Who has to make way for a job. Answers of a kind do not: each would read its prompt again."""
        weakest = max((other for other in self._jobs if other.place), key=self._rank, default=None)
        if weakest is None or weakest.urgency is job.urgency or self._rank(weakest) <= self._rank(job):
            return None
        return weakest

    def _find_place(self, job: Job) -> None:
        if self._places.being_read(job):
            return
        place = self._places.seat(job)
        if place is None and job.urgency is Urgency.AHEAD:
            self._jobs.end(job, None if job.run.warm else Superseded("Requests have taken all places."))
            return
        if place is None and (weaker := self._weaker(job)) is not None:
            self._make_way(weaker)
            place = self._places.seat(job)
        if place is None:
            return
        for other in [other for other in self._jobs if other.place is place]:
            self._jobs.end(other, None)  # nobody waited for it any more
        job.place = place
        if job.reading:
            job.cached = place.length
        if not job.missing:
            self._jobs.deliver(job, Rows(()))

    def _make_way(self, job: Job) -> None:
        """Take a job's place; it goes on when there is one again."""
        if job.urgency is Urgency.AHEAD:
            self._jobs.end(job, None if job.run.warm else Superseded("A request needed the place."))
        elif job.place is not None:
            self._places.leave(job.place)
            job.place = None

    def _evaluate(self, parts: Sequence[Part]) -> None:
        """Do one native call, and hand out what it gave."""
        began, count = self._clock(), sum(len(part.span.tokens) for part in parts)
        self._call = _Call(
            frozenset(part.job.id for part in parts),
            min(part.job.urgency for part in parts),
            count * self._pace.token_seconds,
        )
        try:
            self._model.decode([part.span for part in parts])
            rows = [self._rows(at, part) for at, part in enumerate(parts)]
        except Aborted:
            self._places.undo([part.span for part in parts])
            return
        except Exception as error:
            for part in parts:
                self._places.forget(part.span.sequence)
                self._jobs.end(part.job, known(error))
            return
        finally:
            self._call = None
        self._note(parts, self._clock() - began)
        self._places.evaluated([part.span for part in parts])
        for part, scores in zip(parts, rows, strict=True):
            if part.complete:
                self._jobs.deliver(part.job, Rows(scores, part.job.cached))

    def _rows(self, at: int, part: Part) -> list[Scores]:
        return [self._model.logits(at, row) for row in range(part.span.rows)]

    def _note(self, parts: Sequence[Part], seconds: float) -> None:
        """How long a call took."""
        tokens, rows = (sum(column) for column in zip(*map(_size, parts), strict=True))
        self._pace.note(rows, tokens - rows, seconds)
        self._gain.token_seconds = self._pace.token_seconds
        if tokens == rows:
            self._gain.called(len(parts), tokens, seconds)


def _size(part: Part) -> tuple[int, int]:
    return len(part.span.tokens), part.span.rows

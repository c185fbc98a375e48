"""Runs the jobs of one loaded model: one native call after the other, in which all of them share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ..decode.answer import Clock, answer, check_fit
from ..decode.drafts_gain import Gain
from ..decode.steps import Need, Rows, Steps
from ..decode.tool_calls import with_tool_calls
from ..errors import DeadlineExceeded, FimbleError, Superseded, WorkerCrashed
from ..limits import ANSWER_PATIENCE_SECONDS, LONG_CALL_SECONDS, PLANNING_SECONDS
from ..runtimes.base import Aborted, Scores
from ..stopping import Stopped
from ..types import Delta, FimRequest
from ..urgency import Urgency, urgency_of
from .inbox import Inbox
from .job import Job
from .messages import Cancel, Ended, Piece, Reply, Run, Working
from .opened import OpenedModel
from .pace import Pace
from .places import Places
from .planner import Planner, Task
from .planning import Planning
from .turn import Part, compose

Send = Callable[[Reply], None]


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
        self._gain = Gain(self._batch)
        self._model, self._planner = opened.model, Planner(opened, window, self._gain)
        self._places, self._pace = Places(opened.model, clock), Pace(opened.token_seconds)
        self._inbox, self._send, self._clock = inbox, send, clock
        self._jobs: list[Job] = []
        self._call: _Call | None = None

    @property
    def idle(self) -> bool:
        return not self._jobs

    @property
    def pause(self) -> float | None:
        """How long nothing is to be done, in seconds; None: until a command comes."""
        if not self._jobs:
            return None
        return PLANNING_SECONDS if all(job.planning is not None for job in self._jobs) else 0

    def add(self, run: Run, arrived: float) -> None:
        """Begin a job; its deadline counts from ``arrived``."""
        request = run.request
        urgency = urgency_of(request, warm=run.warm)
        deadline = None if request.deadline_ms is None else arrived + request.deadline_ms / 1000
        document = None if request.document is None else (request.user, request.document)
        self._jobs.append(Job(run, urgency, arrived, deadline, document, advanced=arrived))

    def step(self) -> None:
        """Do one turn and send what it gave. Each job's last message is its only :class:`Ended`."""
        self._end_unwanted()
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
            self._end(job, None)
        self._model.close()

    def _end_unwanted(self) -> None:
        """End what was cancelled, and whose deadline passed before its prompt was read."""
        now = self._clock()
        for job in list(self._jobs):
            if job.given_up:
                continue
            if self._inbox.cancelled(job.id):
                self._give_up(job)
            elif job.reading and job.deadline is not None and now >= job.deadline:
                self._end(job, DeadlineExceeded("The deadline passed before the model had read the prompt."))

    def _give_up(self, job: Job) -> None:
        """End a cancelled job. A suggestion's prompt is read on: whoever types asks for nearly the same with
        the next key."""
        reads_on = job.reading and job.place is not None and job.urgency is Urgency.SUGGESTION
        if not reads_on or self._inbox.closed:
            self._end(job, None)
            return
        self._tell_end(job, None)
        if job.steps is not None:
            job.steps.close()
        job.steps, job.rows, job.urgency, job.given_up = None, 0, Urgency.AHEAD, True

    def _seat(self) -> None:
        """Give places, to the most urgent jobs first."""
        waiting = [job for job in self._jobs if job.place is None]
        for job in sorted(waiting, key=self._rank):
            if self._has_room(job) and self._is_planned(job):
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
            self._end(job, None if job.run.warm else Superseded("Requests have taken all places."))
            return
        if place is None and (weaker := self._weaker(job)) is not None:
            self._make_way(weaker)
            place = self._places.seat(job)
        if place is None:
            return
        for other in [other for other in self._jobs if other.place is place]:
            self._end(other, None)  # nobody waited for it any more
        job.place = place
        if job.reading:
            job.cached = place.length
        if not job.missing:
            self._deliver(job, Rows(()))

    def _make_way(self, job: Job) -> None:
        """Take a job's place; it goes on when there is one again."""
        if job.urgency is Urgency.AHEAD:
            self._end(job, None if job.run.warm else Superseded("A request needed the place."))
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
                self._end(part.job, _known(error))
            return
        finally:
            self._call = None
        self._note(parts, self._clock() - began)
        self._places.evaluated([part.span for part in parts])
        for part, scores in zip(parts, rows, strict=True):
            if part.complete:
                self._deliver(part.job, Rows(scores, part.job.cached))

    def _rows(self, at: int, part: Part) -> list[Scores]:
        return [self._model.logits(at, row) for row in range(part.span.rows)]

    def _note(self, parts: Sequence[Part], seconds: float) -> None:
        """How long a call took."""
        tokens = sum(len(part.span.tokens) for part in parts)
        self._pace.note(tokens, seconds)
        if all(part.span.rows == len(part.span.tokens) for part in parts):
            self._gain.called(len(parts), tokens, seconds)

    def _deliver(self, job: Job, rows: Rows) -> None:
        """Give a job what it needed; send what it shows, and take what it needs next."""
        job.reading, job.advanced = False, self._clock()
        if job.steps is None:
            self._end(job, None)
            return
        try:
            item = job.steps.send(rows)
            while isinstance(item, Delta):
                self._send(Piece(job.id, item))
                item = next(job.steps)
        except (StopIteration, Stopped):
            self._end(job, None)
        except Exception as error:
            self._end(job, _known(error))
        else:
            job.need(item)
            if job.place is not None and job.place.length > item.past:
                self._places.cut(job.place, item.past)

    def _is_planned(self, job: Job) -> bool:
        """Whether a job's prompt is made; makes more of it. False too where that ended the job."""
        try:
            if not job.begun:
                self._begin(job)
            if job.planning is not None and (task := job.planning.go_on()) is not None:
                job.planning, job.advanced = None, self._clock()
                self._take(job, task)
        except Stopped:
            self._end(job, None)
        except Exception as error:
            self._end(job, _known(error))
        return job in self._jobs and job.planning is None

    def _begin(self, job: Job) -> None:
        """Make a job's prompt, or begin with it where it may take long."""
        self._send(Working(job.id))
        job.begun, request = True, job.run.request
        if isinstance(request, FimRequest) and request.grammar is None:
            self._take(job, self._planner.task(request))
        else:
            job.planning = Planning(lambda check: self._planner.task(request, check))

    def _take(self, job: Job, task: Task) -> None:
        """Begin with the answer."""
        if job.run.warm:
            check_fit(self._model, task.prompt, 0)
            job.need(Need(0, task.prompt, 0))
            return
        plan = replace(task.plan, deadline=job.deadline)
        steps: Steps = answer(self._model, task.prompt, plan, self._clock)
        job.steps = with_tool_calls(steps, task.form, task.several_calls) if task.form else steps
        first = next(job.steps)
        assert isinstance(first, Need), "an answer needs its prompt before it shows anything"
        job.need(first)

    def _end(self, job: Job, error: FimbleError | None) -> None:
        self._jobs.remove(job)
        if job.place is not None and job.place.owner is job:
            self._places.leave(job.place)
        if job.planning is not None:
            job.planning.end()
        if job.steps is not None:
            job.steps.close()
        if not job.given_up:
            self._tell_end(job, error)

    def _tell_end(self, job: Job, error: FimbleError | None) -> None:
        self._inbox.ended(job.id)
        self._send(Ended(job.id, error, self._places.held))


def _known(error: Exception) -> FimbleError:
    if isinstance(error, FimbleError):
        return error
    return WorkerCrashed(f"The model runtime failed: {type(error).__name__}: {error}")

"""The jobs of one loaded model, from their beginning to their end: each ends exactly once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from ..decode.answer import Clock, answer, check_fit
from ..decode.steps import Need, Rows, Steps
from ..decode.tool_calls import with_tool_calls
from ..errors import DeadlineExceeded, FimbleError, WorkerCrashed
from ..limits import DOCUMENTS_WAITING, PLANNING_SECONDS
from ..runtimes.base import Runtime
from ..stopping import Stopped
from ..types import Delta, FimRequest, TokensRequest
from ..urgency import Urgency, urgency_of
from .inbox import Inbox
from .job import Job
from .kept import KeptScores
from .messages import Ended, Piece, Reply, Run, Working
from .places import Places
from .planner import Planner, Task
from .planning import Planning

Send = Callable[[Reply], None]


class Jobs:
    """Sends what jobs show, and each one's :class:`Ended` as its last message."""

    def __init__(
        self, model: Runtime, planner: Planner, places: Places, inbox: Inbox, send: Send, clock: Clock
    ) -> None:
        self._model, self._planner, self._places = model, planner, places
        self._inbox, self._send, self._clock = inbox, send, clock
        self._jobs: list[Job] = []
        self._waiting: dict[object, float] = {}
        self._kept = KeptScores()

    def __iter__(self) -> Iterator[Job]:
        return iter(self._jobs)

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
        for other in [other for other in self._jobs if other.given_up and other.document == document]:
            self.end(other, None)  # what it has read is there for the new one
        since = self._since(document, arrived)
        self._jobs.append(Job(run, urgency, arrived, deadline, document, advanced=arrived, since=since))

    def _since(self, document: object, arrived: float) -> float:
        """From when on somebody waits for a prompt of a document to be read."""
        if document is None:
            return arrived
        if len(self._waiting) > DOCUMENTS_WAITING:
            del self._waiting[next(iter(self._waiting))]
        return self._waiting.setdefault(document, arrived)

    def end_unwanted(self) -> None:
        """End what was cancelled, and whose deadline passed before its prompt was read."""
        now = self._clock()
        for job in list(self._jobs):
            if job.given_up:
                continue
            if self._inbox.cancelled(job.id):
                self._give_up(job)
            elif job.reading and job.deadline is not None and now >= job.deadline:
                self.end(job, DeadlineExceeded("The deadline passed before the model had read the prompt."))

    def _give_up(self, job: Job) -> None:
        """End a cancelled job. A suggestion's prompt is read on: whoever types in that document asks for
        nearly the same with the next key."""
        reads_on = job.reading and job.place is not None and job.document is not None
        if not reads_on or job.urgency is not Urgency.SUGGESTION or self._inbox.closed:
            self.end(job, None)
            return
        self._tell_end(job, None)
        if job.steps is not None:
            job.steps.close()
        job.steps, job.rows, job.urgency, job.given_up = None, 0, Urgency.AHEAD, True

    def is_planned(self, job: Job) -> bool:
        """Whether a job's prompt is made; makes more of it. False too where that ended the job."""
        try:
            if not job.begun:
                self._begin(job)
            if job.planning is not None and (task := job.planning.go_on()) is not None:
                job.planning, job.advanced = None, self._clock()
                self._take(job, task)
        except Stopped:
            self.end(job, None)
        except Exception as error:
            self.end(job, known(error))
        return job in self._jobs and job.planning is None

    def _begin(self, job: Job) -> None:
        """Make a job's prompt, or begin with it where it may take long."""
        self._send(Working(job.id))
        job.begun, request = True, job.run.request
        if isinstance(request, TokensRequest):
            tokens = request
            job.planning = Planning(lambda check: self._planner.tokens(tokens, check))
        elif isinstance(request, FimRequest) and request.grammar is None:
            task = self._planner.task(request)
            if request.explain:
                self._send(Piece(job.id, Delta("", prompt=self._planner.explained(task))))
            self._take(job, task)
        else:
            job.planning = Planning(lambda check: self._planner.task(request, check))

    def _take(self, job: Job, task: Task | Delta) -> None:
        """Begin with the answer, or give it where no model is needed."""
        if isinstance(task, Delta):
            self._send(Piece(job.id, task))
            self.end(job, None)
            return
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
        self._go_on_as_before(job)

    def deliver(self, job: Job, rows: Rows) -> None:
        """Give a job what it needed; send what it shows, and take what it needs next."""
        if job.steps is not None and _typed(job):
            self._kept.keep(job.tokens, rows.scores)
        self._give(job, rows)
        self._go_on_as_before(job)

    def _go_on_as_before(self, job: Job) -> None:
        """Give a job what was evaluated for a suggestion before it, as far as it needs the same."""
        while _typed(job) and job in self._jobs and (scores := self._kept.find(job.tokens, job.rows)):
            self._give(job, Rows(scores, len(job.tokens)))

    def _give(self, job: Job, rows: Rows) -> None:
        job.advanced = self._clock()
        if job.reading:
            job.reading, job.read = False, job.advanced
            self._waiting.pop(job.document, None)
        if job.steps is None:
            self.end(job, None)
            return
        try:
            item = job.steps.send(rows)
            while isinstance(item, Delta):
                self._send(Piece(job.id, item))
                item = next(job.steps)
        except (StopIteration, Stopped):
            self.end(job, None)
        except Exception as error:
            self.end(job, known(error))
        else:
            job.need(item)
            if job.place is not None and job.place.length > item.past:
                self._places.cut(job.place, item.past)

    def end(self, job: Job, error: FimbleError | None) -> None:
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


def _typed(job: Job) -> bool:
    """Whether it is for a key in a document, and the next key may ask nearly the same."""
    return job.document is not None and isinstance(job.run.request, FimRequest)


def known(error: Exception) -> FimbleError:
    """What went wrong, as an error that travels."""
    if isinstance(error, FimbleError):
        return error
    return WorkerCrashed(f"The model runtime failed: {type(error).__name__}: {error}")

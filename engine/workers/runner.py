"""Runs the jobs of one loaded model, a step at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ..decode.cache import TokenCache
from ..decode.loop import Clock, Steps, generate
from ..decode.tool_calls import with_tool_calls
from ..errors import DeadlineExceeded, FimbleError, WorkerCrashed
from ..limits import ANSWER_PATIENCE_SECONDS
from ..stopping import Check, Stopped
from ..urgency import Urgency, urgency_of
from .inbox import Inbox
from .messages import Ended, Piece, Reply, Run, Working
from .opened import OpenedModel
from .planner import Planner

Send = Callable[[Reply], None]


@dataclass(eq=False, slots=True)
class _Job:
    """A job under way. ``advanced`` is when it last got a token, or when it came."""

    id: int
    urgency: Urgency
    steps: Steps
    advanced: float


class Runner:
    """Does one step of the most urgent job at a time: a batch of its prompt or a token.

    Between two steps of an answer that takes a while a suggestion may come first; after it, the answer
    evaluates what it misses in the cache and goes on. Of equally urgent jobs the first is finished first,
    so that they do not take the cache from each other.
    """

    def __init__(
        self, opened: OpenedModel, window: int, batch: int, inbox: Inbox, send: Send, clock: Clock
    ) -> None:
        self._planner = Planner(opened, window)
        self._cache = TokenCache(opened.model, batch)
        self._inbox, self._send, self._clock = inbox, send, clock
        self._jobs: list[_Job] = []
        self._current: _Job | None = None

    @property
    def idle(self) -> bool:
        return not self._jobs

    def add(self, run: Run, arrived: float) -> None:
        """Begin a job; its deadline counts from ``arrived``."""
        urgency = urgency_of(run.request, warm=run.warm)
        self._jobs.append(_Job(run.id, urgency, self._steps(run, arrived), arrived))

    def step(self) -> None:
        """Do one step and send what it gave. Each job's last message is its only :class:`Ended`."""
        for job in [job for job in self._jobs if self._inbox.cancelled(job.id)]:
            self._end(job, None)
        if self._jobs:
            self._advance(self._next())

    def close(self) -> None:
        """End what is under way and free the model."""
        for job in list(self._jobs):
            self._end(job, None)
        self._cache.model.close()

    def _next(self) -> _Job:
        """The first of the most urgent jobs, unless the first answer has waited for too long. Those behind
        it wait for its end: two that took turns would read their prompts again for every token."""
        answer = next((job for job in self._jobs if job.urgency is Urgency.ANSWER), None)
        if answer is not None and self._clock() - answer.advanced > ANSWER_PATIENCE_SECONDS:
            return answer
        return min(self._jobs, key=lambda job: job.urgency)

    def _advance(self, job: _Job) -> None:
        if job is not self._current:
            self._current = job
            self._send(Working(job.id))
        try:
            delta = next(job.steps)
            if delta is not None:
                self._send(Piece(job.id, delta))
        except (StopIteration, Stopped):
            self._end(job, None)
        except FimbleError as known:
            self._end(job, known)
        except Exception as unknown:
            self._end(job, WorkerCrashed(f"The model runtime failed: {type(unknown).__name__}: {unknown}"))
        if not self._cache.reading:
            job.advanced = self._clock()

    def _end(self, job: _Job, error: FimbleError | None) -> None:
        job.steps.close()
        self._jobs.remove(job)
        if job is self._current:
            self._current = None
        self._inbox.ended(job.id)
        self._send(Ended(job.id, error))

    def _steps(self, run: Run, arrived: float) -> Steps:
        """A job's work, from its request to its last piece."""
        limit = run.request.deadline_ms
        deadline = None if limit is None else arrived + limit / 1000
        task = self._planner.task(run.request, self._check(run.id, deadline))
        if run.warm:
            yield from self._cache.hold(task.prompt)
            return
        plan = replace(task.plan, deadline=deadline)
        steps = generate(self._cache, task.prompt, plan, self._clock)
        if task.form is not None:
            steps = with_tool_calls(steps, task.form, task.several_calls)
        yield from steps

    def _check(self, job: int, deadline: float | None) -> Check:
        """Ends the making of a prompt that nobody waits for."""

        def check() -> None:
            if self._inbox.cancelled(job):
                raise Stopped
            if deadline is not None and self._clock() >= deadline:
                raise DeadlineExceeded("The deadline passed before the prompt was made.")

        return check

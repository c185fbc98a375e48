"""Runs jobs on one loaded model, one after the other. Used by worker processes and worker threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace

from ..decode.loop import generate
from ..decode.session import Cancelled, Session
from ..decode.tool_calls import with_tool_calls
from ..errors import DeadlineExceeded, FimbleError, WorkerCrashed
from ..stopping import Check, Stopped
from .messages import Ended, Piece, Reply, Run, WorkerOptions
from .opened import open_model
from .planner import Planner

Send = Callable[[Reply], None]


class Runner:
    """Owns a model, what plans its work, and its cache."""

    def __init__(self, options: WorkerOptions) -> None:
        opened = open_model(options)
        self.info = opened.info
        self._planner = Planner(opened, options.window)
        self._session = Session(opened.model, options.batch)

    def run(self, job: Run, cancelled: Cancelled, send: Send) -> None:
        """Do one job and send its pieces; always sends exactly one :class:`Ended`."""
        error: FimbleError | None = None
        try:
            self._run(job, cancelled, send)
        except Stopped:
            pass
        except FimbleError as known:
            error = known
        except Exception as unknown:
            error = WorkerCrashed(f"The model runtime failed: {type(unknown).__name__}: {unknown}")
        send(Ended(job.id, error))

    def _run(self, job: Run, cancelled: Cancelled, send: Send) -> None:
        limit = job.request.deadline_ms
        deadline = None if limit is None else time.monotonic() + limit / 1000
        task = self._planner.task(job.request, _check(cancelled, deadline))
        if job.warm:
            self._session.prefill(task.prompt, cancelled)
            return
        plan = replace(task.plan, deadline=deadline)
        deltas = generate(self._session, task.prompt, plan, cancelled)
        if task.form is not None:
            deltas = with_tool_calls(deltas, task.form, task.several_calls)
        for delta in deltas:
            send(Piece(job.id, delta))

    def close(self) -> None:
        self._session.model.close()


def _check(cancelled: Cancelled, deadline: float | None) -> Check:
    """Ends the making of a prompt that nobody waits for."""

    def check() -> None:
        if cancelled():
            raise Stopped
        if deadline is not None and time.monotonic() >= deadline:
            raise DeadlineExceeded("The deadline passed before the prompt was made.")

    return check


class CancelSet:
    """Which jobs are no longer wanted; written by the thread that listens, read by the one that works."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids: set[int] = set()

    def add(self, job: int) -> None:
        with self._lock:
            self._ids.add(job)

    def check(self, job: int) -> Cancelled:
        return lambda: job in self._ids

    def forget(self, job: int) -> None:
        """Jobs are done in the order of their ids, so nobody asks for this or an earlier one again."""
        with self._lock:
            self._ids = {waiting for waiting in self._ids if waiting > job}

"""The engine's side of one worker: starts it on demand, restarts it after a crash, stops it when idle."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any, Literal

from ..errors import WorkerCrashed
from ..types import Delta, ModelInfo, Request
from .messages import Cancel, Ended, Open, Opened, OpenFailed, Piece, Reply, Run, WorkerOptions
from .transports import Transport

State = Literal["stopped", "loading", "ready", "failed", "serving"]
"""What becomes of a model; "serving" is told when another engine answers from now on."""
OnState = Callable[[State, str], None]
CRASHES_ALLOWED, CRASH_SECONDS = 3, 60.0


class Worker:
    """One model in one process or thread. Jobs are done one after the other, in the order sent."""

    def __init__(
        self,
        make_transport: Callable[[], Transport],
        options: WorkerOptions,
        idle_seconds: float,
        on_state: OnState = lambda state, detail: None,
    ) -> None:
        self._make_transport, self._options = make_transport, options
        self._idle_seconds, self._on_state = idle_seconds, on_state
        self._transport: Transport | None = None
        self._opened: asyncio.Future[ModelInfo] | None = None
        self._jobs: dict[int, asyncio.Queue[Reply]] = {}
        self._ids = itertools.count(1)
        self._crashes: list[float] = []
        self._idle_timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def process_id(self) -> int | None:
        """The worker process, when one runs."""
        return self._transport.process_id if self._transport else None

    @property
    def fallback_reason(self) -> str:
        """See :class:`~.transports.Transport`."""
        return self._transport.fallback_reason if self._transport else ""

    @property
    def busy(self) -> int:
        """How many jobs wait or run."""
        return len(self._jobs)

    async def open(self) -> ModelInfo:
        """Start it if it does not run and wait for its model; raises why it cannot."""
        return await asyncio.shield(self._opened or self._start())

    async def run(self, request: Request, *, warm: bool = False) -> AsyncGenerator[Delta]:
        """Do one job, or with ``warm`` only evaluate its prompt. Closing the iterator cancels it between
        two batches or tokens."""
        await self.open()
        job, replies = next(self._ids), asyncio.Queue[Reply]()
        self._jobs[job] = replies
        self._stop_idle_timer()
        self._send(Run(job, request, warm))
        ended = False
        try:
            while True:
                reply = await replies.get()
                if isinstance(reply, Piece):
                    yield reply.delta
                elif isinstance(reply, Ended):
                    ended = True
                    if reply.error is not None:
                        raise reply.error
                    return
        finally:
            self._jobs.pop(job, None)
            if not ended:
                self._send(Cancel(job))
            self._start_idle_timer()

    async def close(self) -> None:
        self._let_go()
        await asyncio.gather(*self._tasks)

    def _let_go(self) -> None:
        """Forget the transport at once, so that the next job starts a new one, and stop it meanwhile."""
        self._stop_idle_timer()
        transport, self._transport = self._transport, None
        opened, self._opened = self._opened, None
        if opened is not None:
            opened.cancel()  # who still waits for it need not any longer
        if transport is not None:
            self._tell("stopped", "")
            self._spawn(transport.stop())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _send(self, command: Run | Cancel) -> None:
        if self._transport is not None:
            self._transport.send(command)

    def _start(self) -> asyncio.Future[ModelInfo]:
        self._refuse_if_it_keeps_crashing()
        self._tell("loading", self._options.model)
        self._opened = asyncio.get_running_loop().create_future()
        self._opened.add_done_callback(lambda future: future.cancelled() or future.exception())
        self._transport = self._make_transport()
        # a task of its own: the job that caused the start may be cancelled, while others wait for it too
        self._spawn(self._connect(self._transport))
        return self._opened

    async def _connect(self, transport: Transport) -> None:
        try:
            await transport.start(self._on_reply, lambda reason: self._on_exit(transport, reason))
        except OSError as error:
            if self._transport is transport:
                self._fail_opening(WorkerCrashed(f"The model's process could not be started: {error}."))
            return
        if self._transport is transport:
            transport.send(Open(self._options))
        else:
            await transport.stop()  # nobody wants it any more

    def _tell(self, state: State, detail: str) -> None:
        """Listeners hear of it in a call of their own: what they raise must not stop the worker's reader."""
        asyncio.get_running_loop().call_soon(self._on_state, state, detail)

    def _refuse_if_it_keeps_crashing(self) -> None:
        recent = [at for at in self._crashes if at > time.monotonic() - CRASH_SECONDS]
        self._crashes = recent
        if len(recent) >= CRASHES_ALLOWED:
            raise WorkerCrashed(
                f"The model {self._options.model} crashed its process {len(recent)} times within a minute. "
                "It may be damaged: run `fimble doctor`, or choose another model."
            )

    def _on_reply(self, reply: Reply) -> None:
        if isinstance(reply, Opened):
            if self._opened is not None and not self._opened.done():
                self._opened.set_result(reply.info)
            self._tell("ready", reply.info.id)
            self._start_idle_timer()
        elif isinstance(reply, OpenFailed):
            self._fail_opening(reply.error)
        elif isinstance(reply, Piece | Ended) and (replies := self._jobs.get(reply.id)) is not None:
            replies.put_nowait(reply)

    def _fail_opening(self, error: Exception) -> None:
        if self._opened is not None and not self._opened.done():
            self._opened.set_exception(error)
        self._tell("failed", str(error))
        self._let_go()

    def _on_exit(self, transport: Transport, reason: str) -> None:
        if self._transport is not transport:
            return  # it was stopped on purpose
        self._crashes.append(time.monotonic())
        self._transport = None
        opened, self._opened = self._opened, None
        error = WorkerCrashed(f"The model's process ended unexpectedly: {reason}")
        self._tell("failed", error.message)
        if opened is not None and not opened.done():
            opened.set_exception(error)
        for job, replies in self._jobs.items():
            replies.put_nowait(Ended(job, error))

    def _start_idle_timer(self) -> None:
        self._stop_idle_timer()
        if self._idle_seconds > 0 and not self._jobs:
            loop = asyncio.get_running_loop()
            self._idle_timer = loop.call_later(self._idle_seconds, self._stop_when_idle)

    def _stop_idle_timer(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None

    def _stop_when_idle(self) -> None:
        if not self._jobs:
            self._let_go()

"""The engine's side of one worker: starts it on demand, restarts it after a crash, stops it when idle."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Literal

from ..deadline import deadline_of, with_rest
from ..errors import DeadlineExceeded, EngineClosed, ModelLoading, WorkerCrashed
from ..limits import CHECK_SECONDS, LATE_SECONDS, LIVES, PING_SECONDS
from ..types import Delta, ModelInfo, Request
from ..urgency import Urgency, urgency_of
from .connection import Connection, End, Job, LostJob
from .failures import Failures
from .messages import WorkerOptions
from .transports import Transport

State = Literal["stopped", "loading", "ready", "failed", "serving"]
"""What becomes of a model; "serving" is told when another engine answers from now on."""
OnState = Callable[[State, str], None]


class Worker:
    """One model in one process or thread. Use from one event loop; ``close`` it at the end."""

    def __init__(
        self,
        make_transport: Callable[[], Transport],
        options: WorkerOptions,
        idle_seconds: float,
        on_state: OnState = lambda state, detail: None,
        ping_seconds: float = PING_SECONDS,
    ) -> None:
        """``idle_seconds`` after its last job the worker is stopped; 0: never."""
        self._make_transport, self._options = make_transport, options
        self._idle_seconds, self._ping_seconds = idle_seconds, ping_seconds
        self._on_state = on_state
        self._connection: Connection | None = None
        self._failures = Failures(options.model, lambda: asyncio.get_running_loop().time())
        self._uses: dict[object, Request | None] = {}
        self._idle_timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def process_id(self) -> int | None:
        """The worker process, when one runs."""
        return self._connection.transport.process_id if self._connection else None

    @property
    def running(self) -> bool:
        """Whether it has been started, be it that its model is still being opened."""
        return self._connection is not None

    @property
    def opened(self) -> ModelInfo | None:
        """Its model, while that is open."""
        return self._connection.model if self._connection else None

    @property
    def fallback_reason(self) -> str:
        """See :class:`~.transports.Transport`."""
        return self._connection.transport.fallback_reason if self._connection else ""

    @property
    def held(self) -> int:
        """How many tokens the model's cache holds."""
        return self._connection.held if self._connection else 0

    @property
    def busy(self) -> int:
        """How many jobs wait or run, be it that they wait for the model to be opened."""
        return len(self._asked())

    def busy_like(self, request: Request) -> int:
        """How many jobs wait or run that this one would have to wait for."""
        long = urgency_of(request) is Urgency.ANSWER
        return sum((urgency_of(asked) is Urgency.ANSWER) == long for asked in self._asked())

    def _asked(self) -> list[Request]:
        return [request for request in self._uses.values() if request is not None]

    async def open(self) -> ModelInfo:
        """Start it if it does not run and wait for its model; raises why it cannot."""
        with self._in_use():
            return await (await self._open(None)).opened

    async def check(self) -> ModelInfo:
        """Its model, once it is open and the worker has said that it lives. Raises within
        :data:`~..limits.CHECK_SECONDS` why it cannot answer now, :class:`ModelLoading` among the reasons."""
        deadline = asyncio.get_running_loop().time() + CHECK_SECONDS
        with self._in_use():
            try:
                connection = await self._open(deadline)
            except DeadlineExceeded as error:
                raise ModelLoading("The model is being loaded. Try again in a few seconds.") from error
            try:
                async with asyncio.timeout_at(deadline):
                    await connection.sign_of_life()
            except TimeoutError as error:
                raise WorkerCrashed(
                    "The model's process does not answer. It is replaced soon: try again in a few seconds."
                ) from error
            if self._closed:
                raise _closed()
            if connection.ended:
                raise WorkerCrashed("The model's process has just ended. Try again.")
            return connection.opened.result()

    async def run(self, request: Request, *, warm: bool = False) -> AsyncGenerator[Delta]:
        """Do one job, or with ``warm`` only evaluate its prompt. Closing the iterator cancels it between
        two batches or tokens.

        The request's deadline includes the loading of the model. A job that waited while the worker crashed
        of another one, or that nobody has seen anything of when the worker was killed, goes on in the next
        worker.
        """
        deadline = deadline_of(request)
        self._failures.check_request(request)
        with self._in_use(request):
            for _ in range(LIVES):
                connection = await self._open(deadline)
                if connection.ended:
                    continue
                job = connection.add(with_rest(request, deadline), warm)
                try:
                    while (delta := await _next(job, deadline)) is not None:
                        yield delta
                    self._failures.worked()
                    return
                except LostJob:
                    continue
                finally:
                    connection.leave(job)
        raise WorkerCrashed(f"The model's process crashed {LIVES} times while the request waited. Ask again.")

    async def unload(self) -> None:
        """Stop it, until it is needed again. What runs or waits ends with :class:`EngineClosed`."""
        if self._connection is not None:
            self._connection.unload()
        self._stop_idle_timer()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def close(self) -> None:
        """Stop it, for good. What runs or waits ends with :class:`EngineClosed`."""
        self._closed = True
        self._stop()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _open(self, deadline: float | None) -> Connection:
        """A connection whose model is open, unless it has ended meanwhile."""
        if self._closed:
            raise _closed()
        connection = self._connection or self._start()
        try:
            async with asyncio.timeout_at(deadline):
                await asyncio.shield(connection.opened)
        except TimeoutError as error:
            raise DeadlineExceeded("The deadline passed while the model was being loaded.") from error
        return connection

    def _start(self) -> Connection:
        self._failures.check_model()
        self._tell("loading", self._options.model)
        connection = self._connection = Connection(
            self._make_transport(), self._options, self._on_opened, self._on_end, self._ping_seconds
        )
        # a task of its own: the job that caused the start may be cancelled, while others wait for it too
        self._spawn(connection.start())
        return connection

    def _stop(self) -> None:
        """Stop the worker that runs, if any; the next job starts another one."""
        self._stop_idle_timer()
        if self._connection is not None:
            self._connection.stop()

    def _on_opened(self, info: ModelInfo) -> None:
        self._tell("ready", info.id)

    def _on_end(self, connection: Connection, end: End) -> None:
        self._connection = None
        if end.kind == "unopened":
            self._failures.model_failed(end.error)
        elif end.kind == "crashed":
            self._failures.crashed([job.request for job in end.at_work])
        if end.kind == "stopped":
            self._tell("stopped", "")
        else:
            self._tell("failed", end.error.message)
        self._spawn(connection.transport.stop())

    def _tell(self, state: State, detail: str) -> None:
        """Listeners hear of it in a call of their own: what they raise must not stop the worker's reader."""
        asyncio.get_running_loop().call_soon(self._on_state, state, detail)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @contextmanager
    def _in_use(self, request: Request | None = None) -> Iterator[None]:
        """The worker is not idle meanwhile; ``request`` is what it is asked, if it is more than how it is."""
        use = object()
        self._uses[use] = request
        self._stop_idle_timer()
        try:
            yield
        finally:
            del self._uses[use]
            if not self._uses and self._connection is not None and self._idle_seconds > 0:
                self._idle_timer = asyncio.get_running_loop().call_later(self._idle_seconds, self._stop)

    def _stop_idle_timer(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None


def _closed() -> EngineClosed:
    return EngineClosed("The engine was stopped or replaced. Ask again.")


async def _next(job: Job, deadline: float | None) -> Delta | None:
    """The job's next piece, or None at its end. The worker itself keeps the deadline, but it may be slow."""
    late = None if deadline is None or job.seen else deadline + LATE_SECONDS
    try:
        async with asyncio.timeout_at(late):
            item = await job.out.get()
    except TimeoutError as error:
        raise DeadlineExceeded("The deadline passed before the model gave its first token.") from error
    if isinstance(item, Exception):
        raise item
    return item

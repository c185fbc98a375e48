"""One start of a worker, until its end. Every job given to it ends exactly once, whatever happens."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from ..errors import EngineClosed, FimbleError, WorkerCrashed
from ..limits import PING_SECONDS
from ..types import Delta, ModelInfo, Request
from .messages import (
    Cancel,
    Ended,
    Open,
    Opened,
    OpenFailed,
    Piece,
    Ping,
    Reply,
    Run,
    Unload,
    WorkerOptions,
    Working,
)
from .transports import Transport
from .watch import Watch, Watched


class LostJob(Exception):
    """The worker died, but not of this job, which nobody has seen anything of: it may be done again."""


@dataclass(eq=False, slots=True)
class Job:
    """The last item of ``out`` is its end: None, or why it failed. ``left``: nobody wants it any more."""

    id: int
    request: Request
    out: asyncio.Queue[Delta | Exception | None] = field(default_factory=asyncio.Queue)
    left: bool = False
    seen: bool = False


@dataclass(frozen=True, slots=True)
class End:
    """Why a connection ended: it was stopped, its model did not open, or the worker crashed (or hung). Then
    ``at_work`` are the jobs that it was working at."""

    kind: Literal["stopped", "unopened", "crashed"]
    error: FimbleError
    at_work: tuple[Job, ...] = ()


class Connection:
    """``on_opened`` is called once at most, ``on_end`` exactly once. ``held`` is how many tokens the model's
    cache held when a job ended last."""

    def __init__(
        self,
        transport: Transport,
        options: WorkerOptions,
        on_opened: Callable[[ModelInfo], None],
        on_end: Callable[[Connection, End], None],
        ping_seconds: float = PING_SECONDS,
    ) -> None:
        self.transport, self._options = transport, options
        self._on_opened, self._on_end = on_opened, on_end
        self.opened: asyncio.Future[ModelInfo] = asyncio.get_running_loop().create_future()
        self.opened.add_done_callback(lambda future: future.cancelled() or future.exception())
        self.ended = False
        self.held = 0
        self._jobs: dict[int, Job] = {}
        self._ids = itertools.count(1)
        self._at_work: set[int] = set()
        self._sign: asyncio.Future[None] | None = None
        self._watch = Watch(
            Watched(
                wanted=lambda: bool(self._jobs or self._sign) or not self.opened.done(),
                opening=lambda: not self.opened.done(),
                ping=lambda: transport.send(Ping()),
                hangs=lambda why: self._die(f"The model's process was replaced: {why}"),
            ),
            ping_seconds,
        )

    @property
    def model(self) -> ModelInfo | None:
        """What was opened."""
        return None if self.ended or not self.opened.done() else self.opened.result()

    @property
    def jobs(self) -> list[Job]:
        """Those that somebody waits for."""
        return [job for job in self._jobs.values() if not job.left]

    async def start(self) -> None:
        """Start the worker and let it open its model."""
        try:
            await self.transport.start(self._on_reply, self._on_exit)
        except Exception as error:
            self._end(End("unopened", WorkerCrashed(f"The model's process could not be started: {error}.")))
            return
        if self.ended:
            await self.transport.stop()  # nobody wants it any more
        else:
            self._watch.begin()
            self.transport.send(Open(self._options))

    def add(self, request: Request, warm: bool) -> Job:
        """Begin a job; a request that is too large to be sent is refused."""
        job = Job(next(self._ids), request)
        self.transport.send(Run(job.id, request, warm))
        self._jobs[job.id] = job
        self._watch.begin()
        return job

    async def sign_of_life(self) -> None:
        """Wait until the worker says something, be it that it lives, or until it has ended. However many
        wait, it is asked once; a worker that does not answer is replaced."""
        if self.ended:
            return
        if self._sign is None:
            self._sign = asyncio.get_running_loop().create_future()
            self.transport.send(Ping())
            self._watch.begin()
        await asyncio.shield(self._sign)

    def leave(self, job: Job) -> None:
        """Nobody waits for it any more: it is stopped, unless it has ended."""
        job.left = True
        if job.id in self._jobs:
            self.transport.send(Cancel(job.id))

    def unload(self) -> None:
        """Stop it, and where others share the model have it closed unless they wait for it."""
        if not self.ended:
            self.transport.send(Unload())
        self.stop()

    def stop(self) -> None:
        """End it, and with it all its jobs, with :class:`EngineClosed`."""
        self._end(End("stopped", _closed()))

    def _on_reply(self, reply: Reply) -> None:
        if self.ended:
            return
        self._watch.heard(reply)
        self._note_sign()
        match reply:
            case Opened(info):
                if not self.opened.done():
                    self.opened.set_result(info)
                    self._on_opened(info)
            case OpenFailed(error):
                self._end(End("unopened", error))
            case Working(id):
                self._at_work.add(id)
            case Piece(id, delta) if id in self._jobs:
                self._jobs[id].seen = True
                self._jobs[id].out.put_nowait(delta)
            case Ended(id, error, held) if id in self._jobs:
                self.held = held
                job = self._jobs.pop(id)
                job.out.put_nowait(error)
                self._at_work.discard(id)

    def _note_sign(self) -> None:
        sign, self._sign = self._sign, None
        if sign is not None:
            sign.set_result(None)

    def _on_exit(self, reason: str, killed: bool = False) -> None:
        self._die(f"The model's process ended unexpectedly: {reason}", killed)

    def _die(self, reason: str, killed: bool = False) -> None:
        """The worker crashed, or hangs, or was killed, which is no request's fault. While it opened its
        model, that is the model's fault."""
        if killed and self.opened.done():
            self._end(End("crashed", WorkerCrashed(reason)))
        elif self.opened.done():
            at_work = tuple(job for id, job in self._jobs.items() if id in self._at_work)
            self._end(End("crashed", WorkerCrashed(reason), at_work))
        else:
            advice = "Run `fimble doctor`, or choose another model."
            self._end(End("unopened", WorkerCrashed(f"{reason} {advice}")))

    def _end(self, end: End) -> None:
        if self.ended:
            return
        self.ended = True
        self._watch.stop()
        self._note_sign()
        if not self.opened.done():
            self.opened.set_exception(end.error)
        for job in self._jobs.values():
            job.out.put_nowait(_end_of(job, end))
        self._jobs.clear()
        self._on_end(self, end)


def _end_of(job: Job, end: End) -> Exception:
    if end.kind == "stopped":
        return _closed()
    innocent = job not in end.at_work and not job.seen
    return LostJob() if innocent else type(end.error)(end.error.message)


def _closed() -> EngineClosed:
    return EngineClosed("The model was stopped while it worked at the request. Ask again.")

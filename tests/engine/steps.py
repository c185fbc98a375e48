"""A worker without a thread or process: its real body does a step whenever the event loop's clock says so.

What it does wrong is told from outside: it may die, hang, or not open its model.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from fimble.engine.workers.body import Body
from fimble.engine.workers.messages import (
    Cancel,
    Command,
    Ended,
    Open,
    Piece,
    Ping,
    Pong,
    Reply,
    Run,
    WorkerOptions,
    Working,
)
from fimble.engine.workers.opened import OpenedModel, open_model
from fimble.engine.workers.transports import OnExit, OnReply

START_SECONDS, OPEN_SECONDS, STEP_SECONDS = 0.05, 0.2, 0.01


@dataclass
class Fate:
    """What happens to the workers of one engine, and which of them there are."""

    open_errors: list[Exception] = field(default_factory=list)
    """The next openings fail with these."""
    workers: list[StepTransport] = field(default_factory=list)
    started: int = 0
    deaths: int = 0
    hung: int = 0
    """How many workers were made to die, and to hang."""
    culprits: int = 0
    """How many jobs were at work meanwhile, or had shown something of their answer."""
    on_work: Callable[[StepTransport], None] = lambda steps: None
    """Hears of each worker that begins to work at a job."""

    def make(self) -> StepTransport:
        return StepTransport(self)


class StepTransport:
    """See :class:`fimble.engine.workers.transports.Transport`."""

    process_id: int | None = None
    fallback_reason = ""

    def __init__(self, fate: Fate) -> None:
        self._fate = fate
        self._on_reply: OnReply = lambda reply: None
        self._on_exit: OnExit = lambda reason, killed=False: None
        self._body: Body | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.hangs = False
        self.pings = 0
        self.under_way: set[int] = set()
        self.cancelled: set[int] = set()
        self._at_work: set[int] = set()
        self._shown: set[int] = set()

    @property
    def wanted(self) -> set[int]:
        """The jobs that it has been given and that were not cancelled."""
        return self.under_way - self.cancelled

    @property
    def remembered(self) -> int:
        """Of how many jobs the worker knows that they are under way or cancelled."""
        inbox = self._body._inbox if self._body is not None else None
        return len(inbox._under_way | inbox._cancelled) if inbox is not None else 0

    async def start(self, on_reply: OnReply, on_exit: OnExit) -> None:
        self._fate.started += 1
        await asyncio.sleep(START_SECONDS)
        self._on_reply, self._on_exit = on_reply, on_exit
        self._body = Body(self._reply, self._open_model, asyncio.get_running_loop().time)
        self._fate.workers.append(self)

    def send(self, command: Command) -> None:
        self.pings += isinstance(command, Ping)
        if self._body is None or (self.hangs and isinstance(command, Ping)):
            return
        if isinstance(command, Run):
            self.under_way.add(command.id)
        if isinstance(command, Cancel):
            self.cancelled.add(command.id)
        self._body.take(command)
        self._later(OPEN_SECONDS if isinstance(command, Open) else STEP_SECONDS)

    async def stop(self) -> None:
        self._end()

    def die(self, killed: bool = False) -> None:
        """As a process that crashes, or is killed."""
        if self._body is not None:
            self._end()
            self._fate.deaths += 1
            reason = "signal 9." if killed else "signal 11."
            asyncio.get_running_loop().call_soon(self._on_exit, reason, killed)

    def hang(self) -> None:
        """As a process that is stopped."""
        self._fate.hung += not self.hangs
        self.hangs = True

    def _end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self in self._fate.workers:
            self._fate.workers.remove(self)
            self._fate.culprits += len(self.under_way & (self._shown | self._at_work))
        self._body, self._timer = None, None

    def _later(self, seconds: float) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._step)

    def _step(self) -> None:
        self._timer = None
        if self._body is None or self.hangs:
            return
        if self._body.step(wait=False):
            self._later(STEP_SECONDS)
        assert not self.under_way & self.cancelled, "cancelled jobs end with the next step"

    def _reply(self, reply: Reply) -> None:
        if isinstance(reply, Working):
            self._at_work.add(reply.id)
        if isinstance(reply, Piece):
            self._shown.add(reply.id)
        if isinstance(reply, Ended):
            self.under_way.remove(reply.id)  # fails for a second one
        if isinstance(reply, Pong):
            reply = replace(reply, cpu_seconds=0.0)  # computing takes no time here
        # as over a pipe: not in the midst of what the worker is doing
        asyncio.get_running_loop().call_soon(self._on_reply, reply)
        if isinstance(reply, Working):
            self._fate.on_work(self)

    def _open_model(self, options: WorkerOptions) -> OpenedModel:
        if self._fate.open_errors:
            raise self._fate.open_errors.pop()
        return open_model(options)

"""What every worker does, in a process or in a thread: it opens a model and works at its jobs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..errors import FimbleError, ModelFileError
from .inbox import Inbox
from .messages import Command, Open, Opened, OpenFailed, Ping, Pong, Reply, Unload, WorkerOptions

if TYPE_CHECKING:
    from .opened import OpenedModel
    from .runner import Runner

OpenModel = Callable[[WorkerOptions], "OpenedModel"]


def open_model(options: WorkerOptions) -> OpenedModel:
    """With what runs models imported only now: a worker answers pings while it imports."""
    from .opened import open_model

    return open_model(options)


class Body:
    """``take`` and ``close`` are for the thread that listens, the rest for the one that works."""

    def __init__(
        self,
        send: Callable[[Reply], None],
        open_model: OpenModel = open_model,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._send, self._open_model, self._clock = send, open_model, clock
        self._inbox = Inbox(clock)
        self._runner: Runner | None = None
        self._steps = 0
        self._cpu_seconds = time.process_time

    def take(self, command: Command) -> None:
        """Take one command from the engine; a ping is answered at once."""
        if isinstance(command, Ping):
            self._send(Pong(self._steps, self._cpu_seconds()))
            return
        if isinstance(command, Unload):
            return
        self._inbox.put(command)
        if self._runner is not None and not isinstance(command, Open):
            self._runner.heard(command)

    def close(self) -> None:
        """Give up what is under way, and end."""
        self._inbox.close()
        if self._runner is not None:
            self._runner.stop_call()

    def work(self) -> None:
        """Until the end."""
        self._cpu_seconds = _cpu_clock()
        while self.step(wait=True):
            pass
        if self._runner is not None:
            self._runner.close()

    def step(self, *, wait: bool) -> bool:
        """Take the commands that came and do one step of work; False when there is nothing to do."""
        while (arrived := self._inbox.get(self._pause if wait else 0)) is not None:
            if isinstance(arrived.command, Open):
                self._open(arrived.command.options)
            elif self._runner is not None:
                self._runner.add(arrived.command, arrived.at)
        if self._inbox.closed or self._runner is None or self._runner.idle:
            return False
        self._runner.step()
        self._steps += 1
        return True

    @property
    def _pause(self) -> float | None:
        """How long to wait for a command, in seconds; None: until one comes."""
        return None if self._runner is None else self._runner.pause

    def _open(self, options: WorkerOptions) -> None:
        from .runner import Runner  # as open_model: its imports take a while

        try:
            opened = self._open_model(options)
            self._runner = Runner(opened, options.window, options.batch, self._inbox, self._send, self._clock)
        except FimbleError as error:
            self._send(OpenFailed(error))
        except Exception as error:
            self._send(OpenFailed(ModelFileError(f"The model {options.model} could not be opened: {error}")))
        else:
            self._send(Opened(opened.info))


def _cpu_clock() -> Callable[[], float]:
    """How much this thread has computed, for other threads to ask; where the system cannot tell, the
    process."""
    get_clock = getattr(time, "pthread_getcpuclockid", None)
    if get_clock is None:
        return time.process_time
    clock = get_clock(threading.get_ident())
    return lambda: time.clock_gettime(clock)

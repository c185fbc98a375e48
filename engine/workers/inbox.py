"""Commands on their way from the thread that listens to the one that works."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass

from .messages import Cancel, Open, Run


@dataclass(frozen=True, slots=True)
class Arrived:
    """A command and when it came, by the worker's clock in seconds."""

    command: Open | Run
    at: float


class Inbox:
    """Safe to use from both threads. Knows which of the jobs under way are cancelled, and forgets them with
    their end."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._arrived: queue.SimpleQueue[Arrived | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._under_way: set[int] = set()
        self._cancelled: set[int] = set()
        self.closed = False

    def put(self, command: Open | Run | Cancel) -> None:
        """Take a command; a job that has ended is not cancelled any more."""
        if isinstance(command, Cancel):
            with self._lock:
                if command.id in self._under_way:
                    self._cancelled.add(command.id)
            return
        if isinstance(command, Run):
            with self._lock:
                self._under_way.add(command.id)
        self._arrived.put(Arrived(command, self._clock()))

    def close(self) -> None:
        """Nothing more comes, and nothing under way is wanted any more."""
        self.closed = True
        self._arrived.put(None)

    def get(self, wait: float | None) -> Arrived | None:
        """The next command; None at the end, or where none has come within ``wait`` seconds, which may be
        None: for ever."""
        try:
            return self._arrived.get(wait != 0, wait)
        except queue.Empty:
            return None

    def cancelled(self, job: int) -> bool:
        return self.closed or job in self._cancelled

    def ended(self, job: int) -> None:
        with self._lock:
            self._under_way.discard(job)
            self._cancelled.discard(job)

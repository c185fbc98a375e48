"""How many threads an evaluation may use right now.

The native threads wait for each other by spinning. On a processor that is busy with something else,
say a compiler, two of them are a hundred times slower than one, so each evaluation looks at what is
running first and takes no more threads than there are idle cores.
"""

from __future__ import annotations

import os
from collections.abc import Callable


class ThreadCount:
    """At most ``most`` threads, at least one. ``running`` tells how many tasks run or want to run."""

    def __init__(self, most: int, running: Callable[[], int] | None = None, cores: int | None = None) -> None:
        self._most = most
        self._running = running or _LoadFile().running
        self._cores = cores or len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else most

    def now(self) -> int:
        others = self._running() - 1  # the one that asks is running itself
        return max(1, min(self._most, self._cores - others))


class _LoadFile:
    """Linux tells the number of runnable tasks in /proc/loadavg; elsewhere nothing is known."""

    def __init__(self, path: str = "/proc/loadavg") -> None:
        try:
            self._file = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        except OSError:
            self._file = -1

    def running(self) -> int:
        if self._file < 0:
            return 1
        runnable = os.pread(self._file, 80, 0).split()[3]
        return int(runnable.split(b"/")[0])

"""Counts in memory whose windows end when they should, also after somebody has set the clock."""

from __future__ import annotations

import time
from collections.abc import Callable

from limits.aio.storage import Storage

SWEEP_SECONDS = 60.0


class SteadyStorage(Storage):
    """What a fixed-window limiter needs of a storage, on the monotonic clock; the library's own keeps time by
    the wall clock. ``clock`` gives seconds."""

    STORAGE_SCHEME = None

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._windows: dict[str, tuple[int, float]] = {}
        """Count and end of each window."""
        self._sweep_at = clock() + SWEEP_SECONDS

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        return ()

    async def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count in the window of ``key``, which ends ``expiry`` seconds after its first count."""
        self._sweep()
        count, end = self._window(key) or (0, self._clock() + expiry)
        self._windows[key] = (count + amount, end)
        return count + amount

    async def get(self, key: str) -> int:
        window = self._window(key)
        return window[0] if window else 0

    async def get_expiry(self, key: str) -> float:
        """The end of the window, by the wall clock of this moment, as the library wants it."""
        window = self._window(key)
        return time.time() + (window[1] - self._clock() if window else 0.0)

    async def check(self) -> bool:
        return True

    async def reset(self) -> int:
        count = len(self._windows)
        self._windows.clear()
        return count

    async def clear(self, key: str) -> None:
        self._windows.pop(key, None)

    def _window(self, key: str) -> tuple[int, float] | None:
        window = self._windows.get(key)
        return window if window and window[1] > self._clock() else None

    def _sweep(self) -> None:
        """Now and then, forget windows that are over."""
        now = self._clock()
        if now >= self._sweep_at:
            self._windows = {key: window for key, window in self._windows.items() if window[1] > now}
            self._sweep_at = now + SWEEP_SECONDS

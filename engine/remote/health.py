"""What is known of how a server has answered lately. The time that requests wait is added up: while
somebody types, each key ends the request before it, and none would ever wait long enough by itself."""

from __future__ import annotations

import time
from collections.abc import Callable

LATE_SHARE = 0.2
"""After this part of the timeout without a word the local model is asked as well."""
RETRY_SECONDS, RETRY_AT_MOST = 3.0, 60.0
"""A server that is away is looked for at these intervals, each twice as long as the one before."""


class Health:
    """``timeout`` in seconds is how long a server may be silent, while it is asked, before it is away."""

    def __init__(self, timeout: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.why = ""
        self._timeout, self._silent = timeout, 0.0
        self._interval, self._retry_at = RETRY_SECONDS, 0.0

    @property
    def away(self) -> bool:
        return bool(self.why)

    @property
    def patience(self) -> float:
        """Seconds that a request may still wait before the local model is asked as well."""
        return max(0.0, self._timeout * LATE_SHARE - self._silent)

    def heard(self) -> None:
        """It answered a request, whether or not anybody waited for that any longer."""
        self.why, self._silent, self._interval = "", 0.0, RETRY_SECONDS

    def waited(self, seconds: float) -> None:
        """A request was given up after so long, without a word."""
        self._silent += seconds
        if self._silent >= self._timeout:
            self.late()

    def late(self) -> None:
        """Another one has answered in its place, or nobody has for too long."""
        if not self.away:
            self.lost("It does not answer in time.")

    def lost(self, why: str) -> None:
        """It cannot be used."""
        self.why = why
        self._retry_at = self.clock() + self._interval

    def found(self) -> None:
        """It is there again; whether it answers requests is still to be seen."""
        self.why, self._silent = "", 0.0

    def retry_now(self) -> bool:
        """Whether it is time to look for it; the next time is later."""
        if not self.away or self.clock() < self._retry_at:
            return False
        self._interval = min(2 * self._interval, RETRY_AT_MOST)
        self._retry_at = self.clock() + self._interval
        return True

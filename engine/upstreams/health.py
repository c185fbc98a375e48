"""What is known of how a server has answered lately. The time that requests wait is added up: while
somebody types, each key ends the request before it, and none would ever wait long enough by itself."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

LATE_SHARE = 0.2
"""After this part of the timeout without a word the local model is asked as well."""
RETRY_SECONDS, RETRY_AT_MOST = 3.0, 60.0
"""A server that is away is looked for at these intervals, each twice as long as the one before."""
QUIET_SECONDS = 10.0
"""A server that was not heard of for so long is looked at when others are asked."""
BUSY_SECONDS = 1.0
"""For so long a server that takes no more is asked after others."""


class Health:
    """``timeout`` in seconds is how long a server may be silent, while it is asked, before it is away."""

    def __init__(self, timeout: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.why = self.refusal = ""
        """Why it cannot be used, and why it refuses us, as sentences."""
        self._timeout, self._silent = timeout, 0.0
        self._interval, self._retry_at = RETRY_SECONDS, 0.0
        self._busy_until, self._seen_at, self._answered_at = 0.0, clock(), -math.inf

    @property
    def away(self) -> bool:
        return bool(self.why)

    @property
    def patience(self) -> float:
        """Seconds that a request may still wait before the local model is asked as well."""
        return max(0.0, self._timeout * LATE_SHARE - self._silent)

    def heard(self) -> None:
        """It answered a request, whether or not anybody waited for that any longer."""
        self.why, self.refusal, self._silent, self._interval = "", "", 0.0, RETRY_SECONDS
        self._seen_at = self._answered_at = self.clock()

    @property
    def busy(self) -> bool:
        """Whether it said a moment ago that it takes no more."""
        return self.clock() < self._busy_until

    @property
    def quiet(self) -> bool:
        """Whether nothing was heard of it for a while."""
        return self.clock() - self._seen_at > QUIET_SECONDS

    def took_no_more(self) -> None:
        """It answered that it has too much to do."""
        self.heard()
        self._busy_until = self.clock() + BUSY_SECONDS

    def refused(self, why: str) -> None:
        """It answered that our key is wrong: others are asked first from now on."""
        self.heard()
        self.refusal = why

    def waited(self, seconds: float) -> None:
        """A request was given up after so long, without a word."""
        self._silent += seconds
        if self._silent >= self._timeout:
            self.late()

    def late(self) -> None:
        """Another one has answered in its place, or nobody has for too long. One that answers others
        meanwhile has much to do, but is there."""
        if not self.away and self.clock() - self._answered_at > self._timeout * LATE_SHARE:
            self.lost("It does not answer in time.")

    def lost(self, why: str) -> None:
        """It cannot be used."""
        self.why = why
        self._retry_at = self.clock() + self._interval

    def found(self) -> None:
        """It is there again; whether it answers requests is still to be seen."""
        self.why, self._silent, self._seen_at = "", 0.0, self.clock()

    def retry_now(self) -> bool:
        """Whether it is time to look for it; the next time is later."""
        if not self.away or self.clock() < self._retry_at:
            return False
        self._interval = min(2 * self._interval, RETRY_AT_MOST)
        self._retry_at = self.clock() + self._interval
        return True

"""How fast the model reads prompts on this machine, measured as it goes."""

from __future__ import annotations

_MEASURED_FROM = 16
"""Calls with fewer tokens say more of a call's own costs."""
_WEIGHT = 0.2


class Pace:
    """A running mean over the calls that read prompts."""

    def __init__(self, token_seconds: float = 0.0) -> None:
        """``token_seconds`` is a first measurement; 0: there is none."""
        self.token_seconds = token_seconds

    def note(self, tokens: int, seconds: float) -> None:
        """So many tokens took so long, in one call."""
        if tokens >= _MEASURED_FROM:
            each = seconds / tokens
            self.token_seconds += (each - self.token_seconds) * (_WEIGHT if self.token_seconds else 1.0)

    def tokens_in(self, seconds: float, least: int, most: int) -> int:
        """How many tokens are read in a time, within bounds; the most that is allowed until it is known."""
        if not self.token_seconds:
            return most
        return max(least, min(most, int(seconds / self.token_seconds)))

"""How fast the model is on this machine, measured as it goes."""

from __future__ import annotations

_MEASURED_FROM = 16
"""Calls with fewer tokens say more of a call's own costs."""
_WEIGHT = 0.2
_KEPT = 0.98
"""How much of what was known counts on, with each call that gives tokens."""
_GOOD_SHARE = 0.9


class Pace:
    """Running means: of the calls that read prompts, and of those that give answers their next tokens."""

    def __init__(self, token_seconds: float = 0.0) -> None:
        """``token_seconds`` is a first measurement; 0: there is none."""
        self.token_seconds = token_seconds
        self._weight = self._rows = self._squares = self._seconds = self._products = 0.0

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

    def note_rows(self, rows: int, seconds: float) -> None:
        """A call that read no prompt gave the scores of so many tokens."""
        new = (1.0, rows, rows * rows, seconds, rows * seconds)
        old = (self._weight, self._rows, self._squares, self._seconds, self._products)
        kept = [before * _KEPT + each for before, each in zip(old, new, strict=True)]
        self._weight, self._rows, self._squares, self._seconds, self._products = kept

    def rows_worth_it(self, most: int) -> int:
        """How many rows a call should have to be nearly as efficient as one with very many.

        More only make everybody wait longer for what is not made sooner. A call takes ``a + b * rows``
        seconds, by a line through what was measured: nine tenths of the best rate take ``9 * a / b`` rows.
        Where a row costs nearly nothing, or nothing is known, that is ``most``.
        """
        spread = self._weight * self._squares - self._rows**2
        if spread <= 1e-6 * max(1.0, self._squares) * max(1.0, self._weight):
            return most
        each = (self._weight * self._products - self._rows * self._seconds) / spread
        fixed = (self._seconds - each * self._rows) / self._weight
        if each <= 0 or fixed >= most * each:
            return most
        return max(1, min(most, round(max(0.0, fixed) / each * _GOOD_SHARE / (1 - _GOOD_SHARE))))

"""How fast the model is on this machine, measured as it goes.

A native call takes ``fixed + row * rows + token * tokens`` seconds: ``rows`` tokens whose scores are given,
and ``tokens`` of prompts. The three are found by least squares over the last calls.
"""

from __future__ import annotations

import numpy as np

_KEPT = 0.98
"""How much of what was known counts on, with each call."""
_PRIOR = np.diag([1.0, 1.0, 100.0])
"""The first guess counts as much as a call of one row, and of ten tokens."""
_GOOD_SHARE = 0.9
_ROW_TOKENS = 3.0
"""A first guess: a row costs as much as so many tokens of a prompt."""


class Pace:
    """See above; times are in seconds."""

    def __init__(self, token_seconds: float = 0.0) -> None:
        """``token_seconds`` is a first measurement; 0: there is none."""
        self._known = token_seconds > 0
        self._first = np.array([0.0, _ROW_TOKENS * token_seconds, token_seconds])
        self._squares, self._products = np.zeros((3, 3)), np.zeros(3)
        self._costs = self._first

    @property
    def token_seconds(self) -> float:
        """What a token of a prompt takes; 0: not known yet."""
        return float(self._costs[2])

    def note(self, rows: int, tokens: int, seconds: float) -> None:
        """A call took so long. One that took many times what it should says more of other programs."""
        sizes = np.array([1.0, rows, tokens])
        if self._known:
            seconds = min(seconds, 4 * float(sizes @ self._costs))
        self._known = True
        self._squares = self._squares * _KEPT + np.outer(sizes, sizes)
        self._products = self._products * _KEPT + sizes * seconds
        found = np.linalg.solve(self._squares + _PRIOR, self._products + _PRIOR @ self._first)
        self._costs = np.maximum(found, 0.0)

    def tokens_in(self, seconds: float, least: int, most: int) -> int:
        """How many tokens of prompts are read in a time, within bounds; the most that is allowed until it is
        known."""
        if not self.token_seconds:
            return most
        return max(least, min(most, int(seconds / self.token_seconds)))

    def rows_worth_it(self, most: int) -> int:
        """How many rows a call should have to be nearly as efficient as one with very many.

        More only make everybody wait longer for what is not made sooner. Nine tenths of the best rate take
        ``9 * fixed / row`` of them; where a row costs nearly nothing, or nothing is known, it is ``most``.
        """
        fixed, row = float(self._costs[0]), float(self._costs[1])
        if fixed >= most * row:
            return most
        return max(1, min(most, round(fixed / row * _GOOD_SHARE / (1 - _GOOD_SHARE))))

"""Whether drafts pay, by measurement: what rows of scores cost in this model's calls, and how often guesses
are right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..limits import DRAFT_TOKENS
from .evidence import MATCHES, step

_LONGER, _SHORTER = 0.05, 0.3
"""Weights of the newest call in a running mean: of one that took longer something else may be the cause."""
_FADING = 0.001
"""What keeps drafts from being tried is believed so much less each time, until they are: it may have
changed."""
_MARGIN = 1.15
"""A gain below this is lost again beside the model's calls."""
_FIRST_ODDS = (0.3, 0.4, 0.5, 0.55, 0.6, 0.65, 0.75, 0.8, 0.85, 0.85)
"""For each of :data:`~.evidence.MATCHES`, before anything was seen."""
_FIRST_COUNT, _MOST_COUNT = 8.0, 200.0
"""How many observations the first odds stand for, and how many the newest ones are a part of."""
_TRIED = 64
"""So many guesses are judged together."""
_MOST_LOST = 0.01
"""Guesses that do not pay rest for so long that they cost no more than this part of the time."""
_RECENT = 0.01
"""Of the newest guess in the running mean of what guesses save."""
_HOPE = 0.9
"""The odds of a good guess."""


class Gain:
    """What is known of one model and machine; all its answers share it. ``batch``: the most tokens that a
    native call may have.

    ``token_seconds`` is how long a token of a prompt takes, 0 where that is not known.
    """

    def __init__(self, batch: int) -> None:
        self._seconds = np.zeros(batch + 1)
        self.token_seconds = 0.0
        self._belief = 1.0
        self._saved = 0.0
        self._guesses = self._rest = 0
        self._tokens = self._answers = 1
        self._right = [odds * _FIRST_COUNT for odds in _FIRST_ODDS]
        self._seen = [_FIRST_COUNT] * len(MATCHES)

    def called(self, answers: int, tokens: int, seconds: float) -> None:
        """A native call gave so many answers the scores behind each of so many tokens, all that it had."""
        self._answers, self._tokens = answers, tokens
        before = self._seconds[tokens] or seconds
        weight = _LONGER if seconds > before else _SHORTER
        self._seconds[tokens] = before + (seconds - before) * weight
        if tokens > answers:
            self._belief = 1.0

    def guessed(self, matched: int, right: bool) -> None:
        """A token that was guessed after a match of so many bytes was right or not."""
        at = step(matched)
        kept = min(1.0, _MOST_COUNT / (self._seen[at] + 1))
        self._right[at] = (self._right[at] + right) * kept
        self._seen[at] = (self._seen[at] + 1) * kept

    def odds(self, matched: int) -> float:
        """How likely the next token of a guess is right."""
        at = step(matched)
        return self._right[at] / self._seen[at]

    def hopeful(self) -> bool:
        """Whether a good guess would pay."""
        self._rest = max(0, self._rest - 1)
        return not self._rest and self.length((_HOPE,) * DRAFT_TOKENS) > 0

    def length(self, odds: Sequence[float]) -> int:
        """How many tokens to propose, when each is right with these odds if all before it were.

        The best is what makes the most tokens a second if all answers do the same; together they leave room
        for each other.
        """
        most = min(len(odds), (len(self._seconds) - 1) // self._answers - 1)
        if most <= 0:
            return 0
        expected = np.cumsum([1.0, *np.cumprod(odds[:most])])
        costs = self._costs(self._answers * np.arange(1, most + 2))
        if costs[0] <= 0:
            return 0  # nothing was measured
        costs[1:] = costs[0] + (costs[1:] - costs[0]) * self._belief
        rates = expected / costs
        best = int(rates.argmax())
        if rates[best] > rates[0] * _MARGIN:
            return best
        self._belief *= 1 - _FADING
        return 0

    def settled(self, proposed: int, right: int, seconds: float) -> None:
        """What has come of a guess that took so long to make: so many of its tokens were in the last call,
        and so many of them were right.

        What counts is what was saved on the whole, in calls. Where something was lost, guessing rests.
        """
        drafts = max(1, self._tokens - self._answers)
        plain, last = self._costs(np.array([self._answers, self._tokens]))
        if plain <= 0:
            return
        saved = right / self._answers - ((last - plain) * proposed / drafts + seconds) / plain
        self._guesses += 1
        self._saved += (saved - self._saved) * max(_RECENT, 1 / self._guesses)
        if self._guesses >= _TRIED and self._saved < 0:
            self._rest = int(_TRIED * -self._saved / _MOST_LOST)
            self._guesses = 0

    def _costs(self, tokens: NDArray[np.int64]) -> NDArray[np.float64]:
        """Seconds for calls with so many tokens. Of calls larger than any that was measured each further
        token is taken for one of a prompt, until they have been tried."""
        known = np.flatnonzero(self._seconds)
        if not len(known):
            return np.zeros(len(tokens))
        costs: NDArray[np.float64] = np.interp(tokens, known, self._seconds[known])
        costs += (tokens - known[-1]).clip(0) * self.token_seconds
        return costs

"""The file as the model's memory: where it is unsure, say what stood behind the same characters before.

A small model reads a few hundred tokens, a file has thousands. When the model's most likely token is not
likely, and the characters before the cursor were seen earlier in the file (or below), what followed them
there is right more often than the model is. The idea is that of cache language models (Kuhn and De Mori
1990; Grave et al. 2017), here with characters, so that a cursor inside a token does not matter, and as a
decision instead of a mixture. The thresholds were measured on packages the bundled model never saw; a
larger model knows better, so only files that have :data:`RECALL_KEY` are helped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice

import numpy as np

from ..runtimes.base import Scores

RECALL_KEY = "fimble.recall"
THRESHOLDS = ((48, 0.65), (24, 0.6), (16, 0.5), (12, 0.4), (6, 0.3))
"""(characters matched, how likely the model's own token must be to be preferred)."""
_SURE = max(threshold for _, threshold in THRESHOLDS)
_PLACES = 3
_CONTINUATION = 32


class Recall:
    """Follows one answer. ``before`` and ``after`` are the file's text around the hole, as far as it goes
    to a model's process."""

    def __init__(self, before: str, after: str, tokenize: Callable[[str], list[int]]) -> None:
        self._before, self._after, self._tokenize = before, after, tokenize
        self._tail = before[-THRESHOLDS[0][0] :]
        self._bytes = b""
        self.matched = 0
        """How many characters agreed ahead of what was chosen last."""

    def choose(self, scores: Scores) -> int | None:
        """The token to take in place of the most likely one, if there is a better one."""
        likelihood = most_likely(scores)
        if likelihood >= _SURE or self._bytes:
            return None
        for length, threshold in THRESHOLDS:
            if likelihood < threshold and (found := list(self._continuations(length))):
                self.matched = length
                tokens = Counter(self._tokenize(text)[0] for text in found)
                return tokens.most_common(1)[0][0]
        return None

    def accept(self, data: bytes) -> None:
        """These bytes have become part of the answer."""
        self._bytes += data
        try:
            text, self._bytes = self._bytes.decode(), b""
        except UnicodeDecodeError:
            return
        self._tail = (self._tail + text)[-THRESHOLDS[0][0] :]

    def _continuations(self, length: int) -> Iterator[str]:
        """What stood behind the last ``length`` characters: the nearest places before, then one below."""
        tail = self._tail[-length:]
        if len(tail) == length:
            places = (self._before[at : at + _CONTINUATION] for at in _ends(self._before, tail))
            yield from islice(places, _PLACES)
            at = self._after.find(tail)
            if 0 <= at < len(self._after) - length:
                yield self._after[at + length : at + length + _CONTINUATION]


def most_likely(scores: Scores) -> float:
    """The probability of the most likely token."""
    return float(1 / np.exp(scores - scores.max()).sum())


def _ends(text: str, tail: str) -> Iterator[int]:
    """Offsets behind earlier places of ``tail`` in ``text``, the nearest first; its very end is none."""
    at = text.rfind(tail, 0, len(text) - 1)
    while at >= 0:
        yield at + len(tail)
        at = text.rfind(tail, 0, at + len(tail) - 1)

"""Which tokens may be chosen at all: pure functions from scores to a mask of those that stay.

Sources: top-k, Fan et al. 2018, "Hierarchical Neural Story Generation"; top-p ("nucleus"), Holtzman et
al. 2020, "The Curious Case of Neural Text Degeneration"; min-p, Nguyen et al. 2024, "Turning Up the
Heat". Scores are logits, float32, of any length; a mask has the same length and is never all false.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..runtimes.base import Scores

Mask = NDArray[np.bool_]
_FIRST_GUESS = 256


def softmax(scores: Scores) -> Scores:
    """Scores to probabilities that sum to one."""
    shifted = np.exp(scores - scores.max())
    return np.asarray(shifted / np.float32(shifted.sum()), np.float32)


def top_k(scores: Scores, k: int) -> Mask:
    """The ``k`` highest scores, and those equal to the lowest of them; 0 is off."""
    if k <= 0 or k >= len(scores):
        return _everything(scores)
    return np.asarray(scores >= np.partition(scores, -k)[-k])


def top_p(scores: Scores, p: float) -> Mask:
    """The fewest most likely tokens whose probabilities reach ``p`` together; 1 is off.

    Tokens as likely as the last one stay as well, so that no order among equals is made up.
    """
    if p >= 1:
        return _everything(scores)
    probabilities = softmax(scores)
    count = min(_FIRST_GUESS, len(scores))
    while True:
        highest = np.sort(np.partition(probabilities, -count)[-count:])[::-1]
        reached = np.cumsum(highest, dtype=np.float64)
        if reached[-1] >= p or count == len(scores):
            last = min(int(np.searchsorted(reached, p)), count - 1)
            return np.asarray(probabilities >= highest[last])
        count = min(count * 8, len(scores))


def min_p(scores: Scores, p: float) -> Mask:
    """Tokens at least ``p`` times as likely as the most likely one; 0 is off."""
    if p <= 0:
        return _everything(scores)
    return np.asarray(scores >= scores.max() + np.float32(np.log(min(p, 1.0))))


def _everything(scores: Scores) -> Mask:
    return np.ones(len(scores), np.bool_)

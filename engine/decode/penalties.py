"""What makes tokens less likely: pure functions from the scores of some tokens to their new scores.

Scores are logits, float32, one for each token concerned.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..runtimes.base import Scores

Ids = NDArray[np.intp]


def penalise_repetition(scores: Scores, penalty: float) -> Scores:
    """Divide what speaks for a token that was seen before, multiply what speaks against it.

    Keskar et al. 2019, "CTRL", section 4.1, with the handling of negative scores that came after it: a
    score below zero is multiplied, since dividing it would make the token likelier. 1 is off.
    """
    strength = np.float32(penalty)
    return np.where(scores > 0, scores / strength, scores * strength)


def penalise_frequency(scores: Scores, counts: Scores, frequency: float, presence: float) -> Scores:
    """Take ``frequency`` for every time that a token was made, and ``presence`` for its having been made
    at all, as OpenAI documents its two penalties. ``counts`` are at least 1. 0 is off."""
    return scores - (counts * np.float32(frequency) + np.float32(presence))

"""The logistic function, by which the mixture and the gate turn a sum of evidence into a probability."""

from __future__ import annotations

import math

_MOST = 30.0


def logistic(value: float) -> float:
    """From 0 to 1; beyond ±30 it no longer changes."""
    return 1 / (1 + math.exp(-max(-_MOST, min(_MOST, value))))

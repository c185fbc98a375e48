"""People who type: when keys come, and what each one asks for."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

from .measured import MEMORY, Measured

KEY_SECONDS, KEY_SPREAD = 0.14, 0.6
"""The median between two keys of a burst, and the spread of its logarithm. The mean is that of 168,000 people
who copied sentences, 0.24 s with their hesitations, which are pauses here (Dhakal and others, Observations on
Typing from 136 Million Keystrokes, CHI 2018, https://doi.org/10.1145/3173574.3174220)."""
BURST_KEYS = 14
"""Keys from one pause to the next, on average: a few words."""
PAUSES = ((0.75, 0.8), (0.2, 3.0), (0.05, 20.0))
"""How often a pause is of which kind, and its mean in seconds: a hesitation, a thought, reading elsewhere."""
TAKEN = 0.08
"""How often an answer of the model is taken, so that what it says needs not be typed
(``bench/ACCEPT.md``: about one of twelve that are asked for)."""


@dataclass(frozen=True, slots=True)
class Key:
    """``gap``: seconds since the one before. ``seconds``: what the worker would spend on it,
    :data:`MEMORY` if the answer before says it already. ``first``: the first one in another document."""

    gap: float
    seconds: float
    first: bool = False


def steadily(measured: Measured, draw: random.Random, gap: float) -> Iterator[Key]:
    """Keys at equal intervals, as load generators type."""
    while True:
        for number, seconds in enumerate(draw.choice(measured.typed)):
            yield Key(gap, seconds, number == 0)


def naturally(measured: Measured, draw: random.Random) -> Iterator[Key]:
    """Bursts and pauses; an answer that is taken spares the keys that it says."""
    spared = False
    while True:
        for number, seconds in enumerate(draw.choice(measured.typed)):
            if spared and seconds == MEMORY:
                continue
            spared = seconds != MEMORY and draw.random() < TAKEN
            yield Key(_gap(draw), seconds, number == 0)


def _gap(draw: random.Random) -> float:
    gap = draw.lognormvariate(math.log(KEY_SECONDS), KEY_SPREAD)
    if draw.random() < 1 / BURST_KEYS:
        [mean] = draw.choices([mean for _, mean in PAUSES], [share for share, _ in PAUSES])
        gap += draw.expovariate(1 / mean)
    return gap

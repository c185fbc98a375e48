"""How eager, balanced and subtle are told apart, and where the model may stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from fimble.engine.gate.calibration import calibrations
from fimble.engine.gate.weighing import worths
from fimble.engine.types import Eagerness

from .data import Numbers, Position, passages
from .retyping import Typed, Weighed, retype

ALLOWED: dict[Eagerness, tuple[float, float]] = {
    "subtle": (2.7, 0.6), "balanced": (8.0, 0.42), "eager": (15.5, 0.25),
}  # fmt: skip
"""New texts that are wrong, for each 100 keys, at most; the share of shown texts that is right, at least."""
THRESHOLDS = tuple(float(each) for each in np.round(np.arange(0.06, 0.93, 0.03), 2))
WRONG, PARTLY, REFUSED = (0.0, 1.0), (0.25, 0.5, 1.0), (0.0, 0.2)
_UNLIKELIEST = 0.005
"""This part of what would be shown may be lost to stopping early."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The numbers of a calibration that are not weights, and what typing came to with each threshold."""

    wrong: float
    partly: float
    refused: float
    thresholds: dict[Eagerness, float]
    curve: list[tuple[float, Typed]]


def search(positions: Sequence[Position], likely: Sequence[Numbers]) -> Chosen:
    """The numbers with which most keys are saved, all three thresholds together. ``likely`` has an array for
    each position, a number for each of its lengths."""
    by_id = {id(each): found for each, found in zip(positions, likely, strict=True)}
    typed = passages(positions)
    tried = [_tried(typed, by_id, *numbers) for numbers in product(WRONG, PARTLY, REFUSED)]
    return max(tried, key=lambda each: sum(_at(each, name).saved for name in ALLOWED))


def _tried(
    typed: list[list[Position]], likely: dict[int, Numbers], wrong: float, partly: float, refused: float
) -> Chosen:
    weighed = [[_weighed(each, likely[id(each)], wrong, partly) for each in passage] for passage in typed]
    curve = [(threshold, retype(weighed, threshold, refused)) for threshold in THRESHOLDS]
    thresholds = {name: _least(curve, *allowed) for name, allowed in ALLOWED.items()}
    return Chosen(wrong, partly, refused, thresholds, curve)


def _weighed(position: Position, likely: Numbers, wrong: float, partly: float) -> Weighed:
    least = calibrations().least_characters
    kept = [(n, p) for n, p in zip(position.lengths, likely.tolist(), strict=True) if n >= least]
    lengths, chances = [n for n, _ in kept], [p for _, p in kept]
    return Weighed(position, worths(position.text, lengths, chances, wrong, partly))


def _least(curve: list[tuple[float, Typed]], wrong: float, right: float) -> float:
    """The threshold with which most keys are saved among those with few enough wrong texts."""
    allowed = [pair for pair in curve if pair[1].wrong_per_100 <= wrong and pair[1].right_of_shown >= right]
    return max(allowed or curve[-1:], key=lambda pair: (pair[1].saved, pair[0]))[0]


def _at(chosen: Chosen, eagerness: Eagerness) -> Typed:
    return dict(chosen.curve)[chosen.thresholds[eagerness]]


def floors(positions: Sequence[Position], likely: Sequence[Numbers]) -> list[tuple[float, float]]:
    """Pairs of a threshold and the product of token probabilities that nearly all texts reach that are as
    likely."""
    pairs = [
        (chance, np.exp(position.running(length)))
        for position, chances in zip(positions, likely, strict=True)
        for length, chance in zip(position.lengths, chances.tolist(), strict=True)
    ]
    found, low = [(0.0, 0.0)], 0.0
    for threshold in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9):
        products = [together for chance, together in pairs if chance >= threshold]
        if len(products) > 1 / _UNLIKELIEST:
            low = max(low, float(np.quantile(products, _UNLIKELIEST)))
        found.append((threshold, round(min(low, threshold), 4)))
    return found

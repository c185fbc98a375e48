"""All that is fitted to positions, and how good it is in projects that it was not fitted to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fimble.engine.gate.features import NAMES

from .data import Numbers, Position
from .logistic import Model, Quality, fit, held_out, quality, reliability
from .searching import Chosen, floors, search

_RUNNING = NAMES.index("running")


@dataclass(frozen=True, slots=True)
class Fitted:
    """``likely`` are the probabilities of cuts from models that never saw their project, ``right`` what came
    of it; ``spread`` is the deviation of each feature. What is called ``alone`` is fitted to nothing but the
    product of the tokens' probabilities."""

    model: Model
    alone: Model
    chosen: Chosen
    chosen_alone: Chosen
    floors: list[tuple[float, float]]
    likely: Numbers
    right: Numbers
    spread: Numbers
    qualities: list[tuple[str, Quality]]

    @property
    def bins(self) -> list[tuple[int, float, float]]:
        return reliability(self.likely, self.right)


def fitted(positions: Sequence[Position], ridge: float) -> Fitted:
    """Fit weights and thresholds."""
    positions = [each for each in positions if each.truth]
    features = np.concatenate([each.features for each in positions])
    right = np.concatenate([each.right for each in positions])
    groups = [each.project for each in positions for _ in each.lengths]
    likely = held_out(features, right, groups, ridge)
    alone = held_out(features[:, [_RUNNING]], right, groups, ridge)
    product = 1 / (1 + np.exp(-features[:, _RUNNING]))
    ends = np.cumsum([len(each.lengths) for each in positions])[:-1]
    by_position = np.split(likely, ends)
    return Fitted(
        fit(features, right, ridge),
        fit(features[:, [_RUNNING]], right, ridge),
        search(positions, by_position),
        search(positions, np.split(alone, ends)),
        floors(positions, by_position),
        likely,
        right,
        features.std(0),
        [
            ("the product of the probabilities", quality(product, right)),
            ("the product, fitted", quality(alone, right)),
            ("all features", quality(likely, right)),
        ],
    )

"""Logistic regression with ridge, and what tells how good its probabilities are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .data import Numbers

_STEPS = 50


@dataclass(frozen=True, slots=True)
class Model:
    """``bias + weights · features`` are the log odds."""

    bias: float
    weights: Numbers

    def probabilities(self, features: Numbers) -> Numbers:
        return 1 / (1 + np.exp(-np.clip(self.bias + features @ self.weights, -30, 30)))


def fit(features: Numbers, right: Numbers, ridge: float = 3.0) -> Model:
    """Newton's method. ``ridge`` holds the weights of the standardised features back, all but the bias."""
    mean, deviation = features.mean(0), features.std(0)
    varied = deviation > 1e-9
    scaled = np.where(varied, (features - mean) / np.where(varied, deviation, 1), 0)
    columns = np.c_[np.ones(len(scaled)), scaled]
    held = np.diag([1e-9, *[ridge] * features.shape[1]])
    weights = np.zeros(columns.shape[1])
    for _ in range(_STEPS):
        likely = 1 / (1 + np.exp(-np.clip(columns @ weights, -30, 30)))
        slope = columns.T @ (likely - right) + held @ weights
        bend = (columns * (likely * (1 - likely))[:, None]).T @ columns + held
        step = np.linalg.solve(bend, slope)
        weights -= step
        if np.abs(step).max() < 1e-9:
            break
    own = np.where(varied, weights[1:] / np.where(varied, deviation, 1), 0)
    return Model(float(weights[0] - own @ mean), own)


def held_out(features: Numbers, right: Numbers, groups: list[str], ridge: float, folds: int = 7) -> Numbers:
    """Probabilities for each row from a model that was fitted without the row's group."""
    names = sorted(set(groups))
    found, owner = np.zeros(len(right)), np.array(groups)
    for fold in range(min(folds, len(names))):
        inside = np.isin(owner, names[fold::folds])
        found[inside] = fit(features[~inside], right[~inside], ridge).probabilities(features[inside])
    return found


@dataclass(frozen=True, slots=True)
class Quality:
    """``brier`` is the mean squared error; ``error`` the expected calibration error over ten bins; ``area``
    how often something right is thought likelier than something wrong; ``surprise`` is in nats."""

    brier: float
    error: float
    area: float
    surprise: float


def quality(likely: Numbers, right: Numbers) -> Quality:
    order = np.argsort(likely, kind="stable")
    ranks = np.empty(len(likely))
    ranks[order] = np.arange(len(likely))
    ones = right.sum()
    area = (ranks[right > 0].sum() - ones * (ones - 1) / 2) / max(1.0, ones * (len(right) - ones))
    sure = np.clip(likely, 1e-9, 1 - 1e-9)
    surprise = -(right * np.log(sure) + (1 - right) * np.log(1 - sure)).mean()
    error = sum(count * abs(said - was) for count, said, was in reliability(likely, right)) / len(right)
    return Quality(float(((likely - right) ** 2).mean()), float(error), float(area), float(surprise))


def reliability(likely: Numbers, right: Numbers, bins: int = 10) -> list[tuple[int, float, float]]:
    """For each bin that is not empty: its count, the mean of what was said, and how often it was right."""
    places = np.clip((likely * bins).astype(int), 0, bins - 1)
    inside = [places == number for number in range(bins)]
    return [(int(m.sum()), float(likely[m].mean()), float(right[m].mean())) for m in inside if m.any()]

"""Fits the weights of :mod:`fimble.engine.decode.mixing` by the likelihood of what people wrote.

The mixture is computed here for all places at once; a test compares it with the engine's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from fimble.engine.decode.evidence import MATCHES, Weights
from fimble.engine.decode.mixing import SURE
from fimble.engine.decode.proposals import SCOPES

from .places import Numbers, Places

LEAST = 1e-6
STEPS, ROWS = 120, 2_000
"""Steps of the fit, and how many places each of them looks at."""
_RATE, _DIFFERENCE, _PENALTY = 0.12, 1e-4, 2e-5
_SIZES = {
    "match": len(MATCHES),
    "scope": len(SCOPES),
    "trust_match": len(MATCHES),
    "trust_scope": len(SCOPES),
}
_FITTED = [field.name for field in fields(Weights) if field.name != "over"]
OVERS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, SURE)


@dataclass(frozen=True, slots=True)
class Mixed:
    """For each place: the true token's probability, and whether the likeliest token is the true one."""

    right: Numbers
    first: NDArray[np.bool_]

    @property
    def nats(self) -> float:
        """The mean surprise."""
        return float(-np.log(np.maximum(self.right, 1e-9)).mean())


def mixed(places: Places, weights: Weights) -> Mixed:
    """What the engine would say at each place."""
    rows, there = np.arange(len(places)), places.token >= 0
    steps = np.clip(np.searchsorted(MATCHES, places.matched, "right") - 1, 0, None)
    scopes = places.scope.astype(int)
    logs = np.array(weights.match)[steps] + np.array(weights.scope)[scopes]
    logs += weights.support * np.log(np.maximum(places.support, 1))
    logs -= weights.order * np.log1p(np.arange(places.token.shape[1]))
    counted = np.where(there, np.exp(logs), 0)
    shares = counted / np.maximum(counted.sum(1), 1e-30)[:, None]
    same = (places.token[:, :, None] == places.token[:, None, :]) & there[:, :, None]
    of_token = np.einsum("ncd,nd->nc", same, shares)
    best = of_token.argmax(1)
    of_best = same[rows, best]
    trust = (
        weights.trust
        + np.array(weights.trust_match)[np.where(of_best, steps, 0).max(1)]
        + np.array(weights.trust_scope)[np.where(of_best, scopes, len(SCOPES) - 1).min(1)]
        + weights.trust_support * np.log(np.maximum((places.support * of_best).sum(1), 1))
        + weights.share * of_token[rows, best]
        + weights.sure * _logit(places.top)
        + weights.known * np.log(np.maximum(places.known[rows, best], LEAST))
        + weights.same * (places.token[rows, best] == places.top_token)
    )
    believed = there.any(1) & (places.over < weights.over) & (places.top < SURE)
    share = np.where(believed, 1 / (1 + np.exp(-np.clip(trust, -30, 30))), 0)
    right = (1 - share) * places.right + share * (shares * places.hit).sum(1)
    of_top = np.where(places.token == places.top_token[:, None], shares, 0).sum(1)
    chosen = (1 - share) * places.top + share * of_top
    proposed = (1 - share) * places.known[rows, best] + share * of_token[rows, best]
    own = places.right >= places.top - 1e-9
    return Mixed(right, np.where(proposed > chosen, places.hit[rows, best] > 0, own))


def fit(places: Places, seed: int = 0) -> Weights:
    """The weights that make what is true likely: by Adam (Kingma and Ba 2015) on differences, then the
    threshold of end tokens by trying."""
    randomness = np.random.default_rng(seed)
    values = _values(Weights(
        match=tuple(np.linspace(-1, 3, len(MATCHES))), scope=(0.0,) * len(SCOPES), support=1.0, order=0.5,
        trust=-1.0, trust_match=(0.0,) * len(MATCHES), trust_scope=(0.0,) * len(SCOPES), trust_support=0.0,
        share=0.0, sure=0.0, known=0.0, same=0.0, over=1.01,
    ))  # fmt: skip
    mean, square = np.zeros_like(values), np.zeros_like(values)
    for step in range(1, STEPS + 1):
        chosen = places[randomness.choice(len(places), min(len(places), ROWS), replace=False)]
        slope = _slope(chosen, values)
        mean, square = 0.9 * mean + 0.1 * slope, 0.99 * square + 0.01 * slope**2
        rate = _RATE * (1 - step / (STEPS + 1))
        values = values - rate * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)
    return min((_weights(values, over) for over in OVERS), key=lambda each: mixed(places, each).nats)


def _slope(places: Places, values: Numbers) -> Numbers:
    def loss(values: Numbers) -> float:
        return mixed(places, _weights(values)).nats + _PENALTY * float((values**2).sum())

    here, slope = loss(values), np.zeros_like(values)
    for at in range(len(values)):
        moved = values.copy()
        moved[at] += _DIFFERENCE
        slope[at] = (loss(moved) - here) / _DIFFERENCE
    return slope


def _values(weights: Weights) -> Numbers:
    return np.concatenate([np.atleast_1d(getattr(weights, name)) for name in _FITTED])


def _weights(values: Sequence[float] | Numbers, over: float = 1.01) -> Weights:
    left = [float(value) for value in values]
    found: dict[str, float | tuple[float, ...]] = {}
    for name in _FITTED:
        size = _SIZES.get(name, 1)
        found[name] = tuple(left[:size]) if name in _SIZES else left[0]
        left = left[size:]
    return Weights(**found, over=over)  # type: ignore[arg-type]


def _logit(probability: Numbers) -> Numbers:
    bounded = np.clip(probability, LEAST, 1 - LEAST)
    return np.log(bounded / (1 - bounded))

"""What the proposals say of the next token: a distribution over few of them, and how much it is worth."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from ..logistic import logistic
from ..tokens import Scope
from .proposals import SCOPES, Candidate

MATCHES = (3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
"""Matches are told apart by how many bytes they have at least."""
_LEAST = 1e-6
"""Probabilities count as no smaller than this, nor nearer to 1."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What was learned from projects that no model had seen.

    ``match`` (for each of :data:`MATCHES`) and ``scope`` (for each of :data:`SCOPES`) say what a candidate
    counts beside others, as logarithms; each further place that says the same counts by the power
    ``support``, and each better candidate ahead of one takes from it by the power ``order``. The rest are a
    logistic model of how far the proposals are to be believed: the best one's match, scope and support;
    ``share`` is their agreement, ``sure`` how sure the model is of its own token, ``known`` how likely it
    takes theirs to be, and ``same`` whether these are one. From the probability ``over`` on, an end token
    has no rival.
    """

    match: tuple[float, ...]
    scope: tuple[float, ...]
    support: float
    order: float
    trust: float
    trust_match: tuple[float, ...]
    trust_scope: tuple[float, ...]
    trust_support: float
    share: float
    sure: float
    known: float
    same: float
    over: float


@dataclass(frozen=True, slots=True)
class Said:
    """What the proposals say of one token: its share of their weight, the longest match, how many places
    say so, and the nearest scope of these."""

    share: float
    matched: int
    support: int
    scope: Scope


def evidence(candidates: Sequence[tuple[int, Candidate]], weights: Weights) -> dict[int, Said]:
    """Each token that is proposed; the shares sum to one. The candidates come best first."""
    found: dict[int, tuple[float, int, int, int]] = {}
    for order, (token, each) in enumerate(candidates):
        scope = SCOPES.index(each.scope)
        weight = math.exp(
            weights.match[step(each.matched)] + weights.scope[scope]
            + weights.support * math.log(each.support) - weights.order * math.log1p(order)
        )  # fmt: skip
        before, matched, support, nearest = found.get(token, (0.0, 0, 0, len(SCOPES)))
        found[token] = (
            before + weight, max(matched, each.matched), support + each.support, min(nearest, scope)
        )  # fmt: skip
    total = sum(weight for weight, *_ in found.values())
    return {
        token: Said(weight / total, matched, support, SCOPES[nearest])
        for token, (weight, matched, support, nearest) in found.items()
    }


def trust(best: Said, likely: float, held: float, same: bool, weights: Weights) -> float:
    """How far the proposals are to be believed, from 0 to 1. ``best`` is what they say most of all; the
    model's own token has the probability ``likely`` with it, theirs ``held``."""
    return logistic(
        weights.trust
        + weights.trust_match[step(best.matched)]
        + weights.trust_scope[SCOPES.index(best.scope)]
        + weights.trust_support * math.log(best.support)
        + weights.share * best.share
        + weights.sure * _logit(likely)
        + weights.known * math.log(max(held, _LEAST))
        + weights.same * same
    )


def step(matched: int) -> int:
    """Which of :data:`MATCHES`."""
    return max(0, bisect_right(MATCHES, matched) - 1)


def _logit(probability: float) -> float:
    bounded = min(max(probability, _LEAST), 1 - _LEAST)
    return math.log(bounded / (1 - bounded))

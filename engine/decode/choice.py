"""The choice of one token, and how sure it is: the one place that weighs what may follow."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from ..runtimes.base import Scores
from ..types import Certainty, Scope
from .filters import Mask
from .recall import Recall
from .sampler import Sampler


@dataclass(frozen=True, slots=True)
class Choice:
    """A token, with what a :class:`~..types.Certainty` tells of it. Without certainties all of that is 1
    or nothing."""

    token: int
    probability: float = 1.0
    model: float = 1.0
    end: float = 0.0
    memory: float = 0.0
    matched: int = 0
    support: int = 0
    scope: Scope | None = None

    def certainty(self, text: bytes, offset: int) -> Certainty:
        """What the answer tells of it; ``text`` is what of the token belongs to the answer."""
        return Certainty(
            text, offset, self.probability, self.model, self.end, self.memory, self.matched, self.support,
            self.scope,
        )  # fmt: skip


class Chooser(Protocol):
    """Makes the choices of one answer, from the first token to the last one."""

    def choose(self, scores: Scores, allowed: Mask | None = None) -> Choice:
        """The next token for logits of shape (vocabulary,), which stay as they are. ``allowed`` are the
        tokens that may come next, at least one; None: all."""
        ...

    def accept(self, token: int) -> None:
        """The token has become part of the answer."""
        ...


class OwnChoice:
    """The model's own, as the sampler draws it."""

    def __init__(self, sampler: Sampler, likelihoods: Likelihoods | None = None) -> None:
        self._sampler, self._likelihoods = sampler, likelihoods

    def choose(self, scores: Scores, allowed: Mask | None = None) -> Choice:
        return self.of(self._sampler.choose(scores, allowed), scores, allowed)

    def of(self, token: int, scores: Scores, allowed: Mask | None = None) -> Choice:
        """How sure a token is, whoever chose it."""
        if self._likelihoods is None:
            return Choice(token)
        probability, end = self._likelihoods.of(token, scores, allowed)
        return Choice(token, probability, probability, end)

    def accept(self, token: int) -> None:
        self._sampler.accept(token)


class RecalledChoice:
    """The model's own, unless it is unsure and the file says something better."""

    _ODDS = ((48, 0.8), (24, 0.6), (16, 0.45), (12, 0.35), (6, 0.2))
    """(bytes matched, how often what followed them was right), measured on packages the bundled model never
    saw."""

    def __init__(self, own: OwnChoice, recall: Recall, piece: Pieces) -> None:
        self._own, self._recall, self._piece = own, recall, piece

    def choose(self, scores: Scores, allowed: Mask | None = None) -> Choice:
        token = self._recall.choose(scores)
        if token is None or (allowed is not None and not allowed[token]):
            return self._own.choose(scores, allowed)
        found = self._own.of(token, scores, allowed)
        matched = self._recall.matched
        memory = next((odds for length, odds in self._ODDS if matched >= length), 0.0)
        return replace(
            found, probability=max(memory, found.model), memory=memory, matched=matched, scope="file"
        )

    def accept(self, token: int) -> None:
        self._own.accept(token)
        self._recall.accept(self._piece(token))


class Pieces(Protocol):
    def __call__(self, token: int, /) -> bytes: ...


class Likelihoods:
    """The model's probabilities, at temperature 1 and before penalties. ``size`` is the vocabulary's."""

    def __init__(self, size: int, end_ids: Collection[int]) -> None:
        self._ends = np.array(sorted(end_ids), np.intp)
        self._weights = np.zeros(size, np.float32)

    def of(self, token: int, scores: Scores, allowed: Mask | None = None) -> tuple[float, float]:
        """The probability of a token, and of all end tokens together, among those that are allowed.

        The weights' memory is used again: a new one for each token would cost more time, in page faults,
        than all the arithmetic.
        """
        ends = self._ends
        if allowed is not None:
            scores, ends = np.where(allowed, scores, np.float32(-np.inf)), ends[allowed[ends]]
        weights = np.subtract(scores, scores.max(), out=self._weights)
        np.exp(weights, out=weights)
        total = float(weights.sum())
        return float(weights[token]) / total, float(weights[ends].sum()) / total

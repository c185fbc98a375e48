"""The choice of one token, and how sure it is: the one place that weighs what may follow."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from ..runtimes.base import Scores
from ..tokens import Certainty, Scope
from .filters import Mask
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

    def behind(self, earlier: Choice) -> Choice:
        """As sure as both are together."""
        return replace(
            self, probability=self.probability * earlier.probability, model=self.model * earlier.model
        )

    def certainty(self, text: bytes, offset: int) -> Certainty:
        """What the answer tells of it; ``text`` is what of the token belongs to the answer."""
        return Certainty(
            text, offset, self.probability, self.model, self.end, self.memory, self.matched, self.support,
            self.scope,
        )  # fmt: skip


class Chooser(Protocol):
    """Makes the choices of one answer, from the first token to the last one."""

    def choose(self, scores: Scores, allowed: Mask | None = None, typed: bytes = b"") -> Choice:
        """The next token for logits of shape (vocabulary,), which stay as they are. ``allowed`` are the
        tokens that may come next, at least one; None: all. ``typed`` is what stands ahead of the cursor
        already and the tokens spell first; those that are allowed begin with it or are a part of it."""
        ...

    def accept(self, token: int, text: bytes) -> None:
        """The token was chosen; ``text`` is what of it has become part of the answer."""
        ...


class OwnChoice:
    """The model's own, as the sampler draws it."""

    def __init__(self, sampler: Sampler, likelihoods: Likelihoods | None = None) -> None:
        self._sampler, self._likelihoods = sampler, likelihoods

    def choose(self, scores: Scores, allowed: Mask | None = None, typed: bytes = b"") -> Choice:
        return self.of(self._sampler.choose(scores, allowed), scores, allowed)

    def of(self, token: int, scores: Scores, allowed: Mask | None = None) -> Choice:
        """How sure a token is, whoever chose it."""
        if self._likelihoods is None:
            return Choice(token)
        probability, end = self._likelihoods.of(token, scores, allowed)
        return Choice(token, probability, probability, end)

    def accept(self, token: int, text: bytes) -> None:
        self._sampler.accept(token, made=bool(text))


class Likelihoods:
    """The model's probabilities, at temperature 1 and before penalties. ``size`` is the vocabulary's."""

    def __init__(self, size: int, end_ids: Collection[int]) -> None:
        self._ends = np.array(sorted(end_ids), np.intp)
        self._likely = np.zeros(size, np.float32)

    def of(self, token: int, scores: Scores, allowed: Mask | None = None) -> tuple[float, float]:
        """The probability of a token, and of all end tokens together, among those that are allowed."""
        likely = self.all(scores, allowed)
        return float(likely[token]), self.end(likely)[1]

    def all(self, scores: Scores, allowed: Mask | None = None) -> Scores:
        """The probability of each token; 0 for one that is not allowed.

        The array is used again for the next token: a new one each time would cost more, in page faults, than
        all the arithmetic.
        """
        if allowed is not None:
            scores = np.where(allowed, scores, np.float32(-np.inf))
        likely: Scores = np.subtract(scores, scores.max(), out=self._likely)
        np.exp(likely, out=likely)
        likely /= likely.sum()
        return likely

    def end(self, likely: Scores) -> tuple[int | None, float]:
        """The most likely end token, and how likely all of them are together; None: the model has none."""
        ends = likely[self._ends]
        return (int(self._ends[ends.argmax()]) if len(ends) else None), float(ends.sum())

"""Choosing the next token. The order is fixed:

1. logit bias
2. repetition penalty, over prompt and answer
3. frequency and presence penalties, over the answer
4. DRY, over prompt and answer
5. the grammar's mask
6. with temperature 0: the highest score, and of equal ones the lowest id
7. top-k, then top-p, then min-p
8. temperature
9. a draw, from the request's own seed

The filters come ahead of the temperature, so heat makes the choice among good tokens more even and lets
no bad ones in. A step whose parameter is off is skipped.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from ..runtimes.base import Scores
from ..types import Dry, Sampling
from .dry import DryPenalty
from .filters import Mask, min_p, top_k, top_p
from .history import History
from .penalties import penalise_frequency, penalise_repetition

Change = Callable[[Scores], None]
"""Changes scores in place."""
_BLOCK = 256
_COLDEST = 1e-5
"""Any lower temperature means the same as 0, and dividing by it could overflow."""


class Sampler:
    """Chooses one answer's tokens. The same seed, prompt and scores give the same tokens.

    ``size`` is the vocabulary's, ``piece`` gives a token's bytes.
    """

    def __init__(
        self, sampling: Sampling, prompt: Sequence[int], size: int, piece: Callable[[int], bytes]
    ) -> None:
        self._temperature = sampling.temperature
        self._random = random.Random(sampling.seed)
        self._history = History(prompt, size) if _remembers(sampling) else None
        self._changes = [*_bias(sampling), *_penalties(sampling, self._history, piece)]
        self._filters = _filters(sampling)
        self._own = np.zeros(size if self._changes else 0, np.float32)

    def choose(self, scores: Scores, allowed: Mask | None = None) -> int:
        """A token's id for logits of shape (vocabulary,), which stay as they are; ``allowed`` has at least
        one true entry."""
        scores = self._changed(scores)
        if self._temperature < _COLDEST:
            return int((scores if allowed is None else np.where(allowed, scores, -np.inf)).argmax())
        ids = None if allowed is None else np.flatnonzero(allowed)
        scores = scores if ids is None else scores[ids]
        for keep in self._filters:
            kept = np.flatnonzero(keep(scores))
            ids, scores = kept if ids is None else ids[kept], scores[kept]
        chosen = draw(scores, self._temperature, self._random.random())
        return chosen if ids is None else int(ids[chosen])

    def accept(self, token: int, made: bool = True) -> None:
        """The token stands behind the prompt now; not ``made`` is one that the user has typed."""
        if self._history is not None:
            self._history.add(token, made)

    def _changed(self, scores: Scores) -> Scores:
        """With bias and penalties. The copy is reused: a new one for each token would cost more time,
        in page faults, than all the arithmetic."""
        if not self._changes:
            return scores
        np.copyto(self._own, scores)
        for change in self._changes:
            change(self._own)
        return self._own


def draw(scores: Scores, temperature: float, point: float) -> int:
    """The index at ``point`` (0 up to 1) of the running sum of the probabilities at a temperature.

    It is found in two steps, since the running sum of a whole vocabulary takes longer than all else.
    """
    weights = scores - scores.max()
    weights *= np.float32(1 / temperature)
    np.exp(weights, out=weights)
    blocks = np.cumsum(np.add.reduceat(weights, np.arange(0, len(weights), _BLOCK)), dtype=np.float64)
    wanted = point * blocks[-1]
    block = min(int(np.searchsorted(blocks, wanted, "right")), len(blocks) - 1)
    wanted -= blocks[block - 1] if block else 0.0
    inside = np.cumsum(weights[block * _BLOCK : (block + 1) * _BLOCK], dtype=np.float64)
    at = min(int(np.searchsorted(inside, wanted, "right")), int(inside.argmax()))
    return block * _BLOCK + at


def _remembers(sampling: Sampling) -> bool:
    """Whether anything depends on the tokens before."""
    penalties = sampling.frequency_penalty or sampling.presence_penalty or sampling.dry
    return bool(penalties) or sampling.repetition_penalty != 1


def _bias(sampling: Sampling) -> list[Change]:
    if not sampling.logit_bias:
        return []
    ids, bias = (np.array(column) for column in zip(*dict(sampling.logit_bias).items(), strict=True))

    def change(scores: Scores) -> None:
        scores[ids] += bias

    return [change]


def _penalties(sampling: Sampling, history: History | None, piece: Callable[[int], bytes]) -> list[Change]:
    """What is switched on, in the documented order."""
    if history is None:
        return []
    wanted = (
        (sampling.repetition_penalty != 1, _repetition(sampling, history)),
        (sampling.frequency_penalty or sampling.presence_penalty, _frequency(sampling, history)),
        (sampling.dry and sampling.dry.multiplier > 0, _dry(sampling, history, piece)),
    )
    return [change for on, change in wanted if on]


def _repetition(sampling: Sampling, history: History) -> Change:
    def change(scores: Scores) -> None:
        seen = history.seen()
        scores[seen] = penalise_repetition(scores[seen], sampling.repetition_penalty)

    return change


def _frequency(sampling: Sampling, history: History) -> Change:
    def change(scores: Scores) -> None:
        ids, counts = history.made()
        scores[ids] = penalise_frequency(
            scores[ids], counts, sampling.frequency_penalty, sampling.presence_penalty
        )

    return change


def _dry(sampling: Sampling, history: History, piece: Callable[[int], bytes]) -> Change:
    dry = DryPenalty(sampling.dry or Dry(), piece)

    def change(scores: Scores) -> None:
        tokens, lost = dry.after(history.tokens)
        scores[tokens] -= lost

    return change


def _filters(sampling: Sampling) -> list[Callable[[Scores], Mask]]:
    wanted = (
        (sampling.top_k > 0, partial(top_k, k=sampling.top_k)),
        (sampling.top_p < 1, partial(top_p, p=sampling.top_p)),
        (sampling.min_p > 0, partial(min_p, p=sampling.min_p)),
    )
    return [keep for on, keep in wanted if on]

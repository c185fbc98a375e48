"""Log-probabilities as OpenAI's API has them, of the model's own distribution.

That is the softmax of the logits as the model gave them, at temperature 1: before bias, penalties,
grammar and filters. So they say what the model thought, whatever the request did with it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..runtimes.base import Scores
from ..tokens import Alternative, TokenLogprob
from .penalties import Ids


def log_of_sum(scores: Scores) -> float:
    """The logarithm of the sum of the exponentials, without overflow."""
    highest = float(scores.max())
    return highest + float(np.log(np.exp(scores - np.float32(highest)).sum(dtype=np.float64)))


def highest(scores: Scores, count: int) -> Ids:
    """The ids of the ``count`` highest scores, best first; of equal scores the lower ids."""
    count = min(count, len(scores))
    if count <= 0:
        return np.zeros(0, np.intp)
    ids = np.flatnonzero(scores >= np.partition(scores, -count)[-count])
    return ids[np.argsort(-scores[ids], kind="stable")][:count]


def token_logprob(
    scores: Scores, token: int, count: int, piece: Callable[[int], bytes], offset: int
) -> TokenLogprob:
    """The chosen token's entry, with the ``count`` most likely tokens of its place."""
    total = log_of_sum(scores)
    top = tuple(
        Alternative(each, piece(each), float(scores[each]) - total)
        for each in highest(scores, count).tolist()
        if scores[each] > -np.inf
    )
    return TokenLogprob(token, piece(token), float(scores[token]) - total, top, offset)

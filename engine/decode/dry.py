"""DRY ("don't repeat yourself"): a token that would lengthen a repetition becomes less likely.

By p-e-w, 2024, first in text-generation-webui, then in llama.cpp; the arithmetic is the same in both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..runtimes.base import Scores
from ..types import Dry
from .penalties import Ids

LONGEST = 50
"""Repetitions are followed back so many tokens. A longer one is penalised beyond hope anyway."""
_MOST = 1e9
"""No penalty is larger, which keeps every score finite."""


class DryPenalty:
    """The penalty with one request's parameters; ``piece`` gives a token's bytes."""

    def __init__(self, dry: Dry, piece: Callable[[int], bytes]) -> None:
        self._dry, self._piece = dry, piece
        self._breakers = [text.encode() for text in dry.sequence_breakers if text]

    def after(self, history: Ids) -> tuple[Ids, Scores]:
        """Some distinct tokens, and what each of them loses after ``history``, the ids of prompt and answer
        so far."""
        recent = [self._piece(token) for token in history[-LONGEST:].tolist()]
        tokens, lengths = lengthening(history, tokens_since_breaker(recent, self._breakers))
        tokens, lengths = longest_each(tokens, lengths)
        wanted = np.flatnonzero(lengths >= self._dry.allowed_length)
        wanted = wanted[[not self._breaks(token) for token in tokens[wanted].tolist()]]
        return tokens[wanted], penalties(lengths[wanted], self._dry)

    def _breaks(self, token: int) -> bool:
        """A token that ends a repetition by itself is never held against the model."""
        text = self._piece(token)
        return any(breaker in text for breaker in self._breakers)


def lengthening(history: Ids, reach: int) -> tuple[Ids, Ids]:
    """Which tokens would continue a repetition of the history's end, and how long each one is.

    For every earlier place where the last token occurred, what followed it there, and how many tokens up
    to that place equal the history's end. ``reach`` bounds the length.
    """
    reach = min(reach, LONGEST, len(history) - 1)
    nothing = np.zeros(0, np.intp)
    if reach < 1:
        return nothing, nothing
    places = np.flatnonzero(history[:-1] == history[-1])
    lengths = np.ones(len(places), np.intp)
    alive, known = np.arange(len(places)), 1
    while len(alive) and known < reach:
        step = min(max(known, 8), reach - known)  # most repetitions are short, so the steps grow
        back = np.arange(known, known + step)
        earlier = places[alive, None] - back
        same = (history[earlier.clip(0)] == history[-1 - back]) & (earlier >= 0)
        more = np.where(same.all(axis=1), step, same.argmin(axis=1))
        lengths[alive] += more
        alive, known = alive[more == step], known + step
    return history[places + 1], lengths


def tokens_since_breaker(pieces: Sequence[bytes], breakers: Sequence[bytes]) -> int:
    """How many tokens at the end of a text come after the last breaker in it, wherever tokens divide it."""
    text = b"".join(pieces)
    end = max((at + len(breaker) for breaker in breakers if (at := text.rfind(breaker)) >= 0), default=0)
    start, count = len(text), 0
    for piece in reversed(pieces):
        start -= len(piece)
        if start < end:
            break
        count += 1
    return count


def longest_each(tokens: Ids, lengths: Ids) -> tuple[Ids, Ids]:
    """Each token once, with the greatest of its lengths."""
    order = np.lexsort((lengths, tokens))
    tokens, lengths = tokens[order], lengths[order]
    last = np.append(tokens[1:] != tokens[:-1], True) if len(tokens) else np.zeros(0, np.bool_)
    return tokens[last], lengths[last]


def penalties(lengths: Ids, dry: Dry) -> Scores:
    """``multiplier * base ** (length - allowed_length)`` of each length."""
    exponents = lengths.astype(np.float64) - dry.allowed_length
    with np.errstate(over="ignore"):
        found = np.minimum(dry.multiplier * np.power(float(dry.base), exponents), _MOST)
    return found.astype(np.float32)

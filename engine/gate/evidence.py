"""What is known of a text up to each of its places: the certainties of its tokens, summed up.

A text that was trimmed has lost blanks and its end; its characters are found again in what the tokens spell.
"""

from __future__ import annotations

import codecs
import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from ..tokens import Certainty

_LEAST = 1e-6
_MOST = 6.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that speaks for a text up to one place. Probabilities are natural logarithms, sums over tokens."""

    tokens: int
    running: float
    """Of the choices that were made."""
    model: float
    """Of the model's own for the same tokens."""
    memory: float
    """Of the proposals' for the same tokens; 0 unless all of them were proposed."""
    weakest: float
    """Of the least likely choice."""
    remembered: bool
    """Whether every token was proposed."""
    matched: int
    """Bytes that agreed ahead of the token where fewest did."""
    support: int
    """Places that agreed on the token where fewest did."""
    near: bool
    """Whether every token was found in this file or another open one."""
    following: float | None
    """Of the token behind the place; None where nothing is known of it."""
    ended: float | None
    """Of the end in the token's stead; None where nothing is known of it."""


_NOTHING = Evidence(0, 0.0, 0.0, 0.0, 0.0, True, 1 << 20, 1 << 20, True, None, None)


class Ledger:
    """Tells the evidence for places of ``text``, which was made of the tokens of ``certainties``."""

    def __init__(self, text: str, certainties: Sequence[Certainty]) -> None:
        self._certainties = certainties
        self._spelled, self._ends = _spelled(certainties)
        self._places = _aligned(text, self._spelled)
        self._sums = list(accumulate(certainties, _joined, initial=_NOTHING))

    @property
    def known(self) -> int:
        """So many of the text's characters are found among the tokens."""
        return len(self._places)

    @property
    def ended(self) -> bool:
        """Whether the model ended by itself."""
        return not self._certainties[-1].text

    def goes_on(self, length: int) -> str | None:
        """The character that the tokens have behind the text's first ``length``; None where they end."""
        place = self._places[length - 1]
        return self._spelled[place : place + 1] or None

    def up_to(self, length: int) -> Evidence:
        """The evidence for the text's first ``length`` characters, of which all must be known. A token that
        the place cuts counts as a whole."""
        place = self._places[length - 1]
        count = bisect_left(self._ends, place) + 1 if place else 0
        made = self._sums[count]
        if (self._ends[count - 1] if count else 0) != place or count >= len(self._certainties):
            return made
        following = self._certainties[count]
        return replace(made, following=log(following.probability), ended=log(following.end))


def log(probability: float) -> float:
    """The natural logarithm, of no less than one in a million; what is no number counts as unlikely."""
    return math.log(min(1.0, probability)) if probability > _LEAST else math.log(_LEAST)


def logit(log_probability: float) -> float:
    """Log odds of a probability that is given as a logarithm, within ±6."""
    others = -math.expm1(min(log_probability, -1e-9))
    return max(-_MOST, min(_MOST, log_probability - math.log(others)))


def _joined(so_far: Evidence, token: Certainty) -> Evidence:
    likely = log(token.probability)
    proposed = token.memory > 0
    return Evidence(
        so_far.tokens + 1,
        so_far.running + likely,
        so_far.model + log(token.model),
        so_far.memory + log(token.memory) if so_far.remembered and proposed else 0.0,
        min(so_far.weakest, likely),
        so_far.remembered and proposed,
        min(so_far.matched, max(0, token.matched)),
        min(so_far.support, max(0, token.support)),
        so_far.near and token.scope in ("file", "open"),
        None,
        None,
    )


def _spelled(certainties: Sequence[Certainty]) -> tuple[str, list[int]]:
    """What the tokens spell, and where each one ends in it; a character belongs to its last token."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text, ends = "", list[int]()
    for each in certainties:
        text += decoder.decode(each.text)
        ends.append(len(text))
    return text, ends


def _aligned(text: str, spelled: str) -> list[int]:
    """For each character of ``text``, as far as they are found: where it ends in ``spelled``."""
    places, at = list[int](), 0
    for char in text:
        found = at
        while found < len(spelled) and spelled[found] != char and spelled[found].isspace():
            found += 1
        if spelled[found : found + 1] == char:
            at = found + 1
        elif not char.isspace():
            break
        places.append(at)
    return places

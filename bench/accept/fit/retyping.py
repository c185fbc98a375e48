"""The typist once more, on what the engine said: what a gate would have shown at which threshold.

The rules are those of :mod:`bench.accept`; what the engine says at a place does not depend on what was shown
before, so a threshold costs no model.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from fimble.engine.gate.calibration import raised
from fimble.engine.gate.weighing import Cut, best

from ..rules import Verdict, judge
from .data import Position


@dataclass
class Typed:
    """What came of typing."""

    characters: int = 0
    keys: int = 0
    shown: int = 0
    right: int = 0
    wrong: int = 0

    @property
    def saved(self) -> float:
        return 1 - self.keys / max(1, self.characters)

    @property
    def wrong_per_100(self) -> float:
        return 100 * self.wrong / max(1, self.keys)

    @property
    def right_of_shown(self) -> float:
        return self.right / max(1, self.shown)


@dataclass(frozen=True, slots=True)
class Weighed:
    """A position with the worth of its cuts."""

    position: Position
    cuts: list[Cut]

    def shown(self, threshold: float) -> str:
        chosen = best(self.cuts, threshold, self.position.acceptable)
        return self.position.text[: chosen.length] if chosen else ""


def retype(passages: Sequence[Sequence[Weighed]], threshold: float, refused: float) -> Typed:
    """Type all passages; each position must be known. ``refused`` is that of a calibration."""
    typed = Typed()
    for passage in passages:
        _retype(passage, threshold, refused, typed)
    return typed


def _retype(passage: Sequence[Weighed], threshold: float, refused: float, typed: Typed) -> None:
    whole = passage[0].position.truth
    at, left, outcomes = 0, "", deque[bool](maxlen=8)
    typed.characters += len(whole)
    while at < len(whole):
        new = left or passage[at].shown(raised(threshold, refused, [*outcomes]))
        ahead = whole[at:]
        found = judge(new, ahead) if new else None
        if found and new != left:
            typed.shown += 1
            typed.right += found.verdict is Verdict.RIGHT
            typed.wrong += found.verdict is Verdict.WRONG
            outcomes.appendleft(found.verdict is not Verdict.WRONG)
        taken = found.taken if found and found.taken else 1
        typed.keys += 1
        written = ahead[:taken]
        left = new[taken:] if new.startswith(written) else ""
        at += taken

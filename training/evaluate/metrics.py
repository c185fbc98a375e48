"""How good a filled hole is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from .tasks import Task


@dataclass(frozen=True, slots=True)
class Filled:
    """What a system wrote into a task's hole; ``matched`` tells whether the copy model had a match there."""

    task: Task
    text: str
    milliseconds: float = 0.0
    matched: bool = False


@dataclass(frozen=True, slots=True)
class Score:
    """Means over holes, as shares from 0 to 1."""

    count: int
    exact: float
    similarity: float
    """1 − edit distance / longer length (Levenshtein 1966)."""
    saved: float
    """Characters right before the first wrong one, of all characters in holes."""
    stops: float
    """Of texts that are right as far as they go, those that end where they should."""


def score(filled: Iterable[Filled]) -> Score:
    """The figures of one system; trailing white space does not count."""
    rows = [(each.task.middle.rstrip(), each.text.rstrip()) for each in filled]
    if not rows:
        return Score(0, 0, 0, 0, 0)
    right_so_far = [
        (want, got) for want, got in rows if got and (want.startswith(got) or got.startswith(want))
    ]
    exact = sum(want == got for want, got in rows)
    return Score(
        len(rows),
        exact / len(rows),
        sum(Levenshtein.normalized_similarity(want, got) for want, got in rows) / len(rows),
        sum(_common(want, got) for want, got in rows) / max(1, sum(len(want) for want, _ in rows)),
        exact / max(1, len(right_so_far)),
    )


def _common(want: str, got: str) -> int:
    shortest = min(len(want), len(got))
    return next((i for i in range(shortest) if want[i] != got[i]), shortest)

"""Positions as ``bench.accept --calibrate`` writes them, and what the gate sees of them.

Positions of a passage follow one another, each with less of it still to be typed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fimble.engine.gate.evidence import Ledger
from fimble.engine.gate.features import NAMES, at_each, of_place
from fimble.engine.gate.weighing import endings
from fimble.engine.tokens import Certainty
from fimble.engine.trim.checker import SyntaxChecker
from fimble.engine.types import FimRequest

Numbers = NDArray[np.float64]


@dataclass
class Position:
    """What the engine said at one place, and what stands there (``truth``, up to the passage's end)."""

    project: str
    path: str
    kind: str
    request: FimRequest
    text: str
    certainties: tuple[Certainty, ...]
    truth: str

    @cached_property
    def lengths(self) -> list[int]:
        """Where the text may be cut."""
        if not self.text or not self.certainties:
            return []
        return endings(self.request, self.text, self._ledger)

    @cached_property
    def features(self) -> Numbers:
        """A row for each of the lengths, a column for each name."""
        place = of_place(self.request)
        found = [place | each for each in at_each(self.text, self._ledger, self.lengths)]
        return np.array([[each.get(name, 0.0) for name in NAMES] for each in found]).reshape(-1, len(NAMES))

    @property
    def right(self) -> Numbers:
        """For each of the lengths 1 where all of it is what stands there, else 0."""
        return np.array([float(self.truth.startswith(self.text[:length])) for length in self.lengths])

    def running(self, length: int) -> float:
        """The natural logarithm of the product of the tokens' probabilities."""
        return self._ledger.up_to(length).running

    @cached_property
    def _ledger(self) -> Ledger:
        return Ledger(self.text, self.certainties)

    @cached_property
    def _judged(self) -> dict[int, bool]:
        return {}

    @cached_property
    def _checker(self) -> SyntaxChecker:
        return SyntaxChecker(self.request)

    def acceptable(self, length: int) -> bool:
        """Whether what is known of the file is sound with so much of the text."""
        if length not in self._judged:
            self._judged[length] = self._checker.acceptable(self.text[:length])
        return self._judged[length]


def read(files: Iterable[Path]) -> Iterator[Position]:
    """All positions of some files."""
    for file in files:
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                yield _position(json.loads(line))


def passages(positions: Iterable[Position]) -> list[list[Position]]:
    """The positions by passage, in the order of typing. Those that do not have all places of their passage
    are left out."""
    found: list[list[Position]] = []
    for each in positions:
        last = found[-1][-1] if found else None
        if last is None or last.path != each.path or last.truth[1:] != each.truth:
            found.append([])
        found[-1].append(each)
    return [each for each in found if len(each) == len(each[0].truth)]


def _position(row: dict[str, Any]) -> Position:
    request = FimRequest(row["prefix_tail"], row["suffix_head"], row["language"], row["path"])
    certainties = tuple(Certainty(text.encode("latin-1"), *rest) for text, *rest in row["certainties"])
    return Position(row["project"], row["path"], row["kind"], request, row["text"], certainties, row["truth"])

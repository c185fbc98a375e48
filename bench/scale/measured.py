"""What was measured of the real thing, in ``measured.json``; see :mod:`.measuring`."""

from __future__ import annotations

import json
from bisect import bisect_left
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("measured.json")
MEMORY = 0.0
"""Stands for an answer from memory where the model's seconds would be."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds of a processor, except where it says something else.

    ``typed`` has, for each passage that was typed, what the worker spent on each key: :data:`MEMORY` for what
    the front answered itself. ``cold`` is what it spent on the first key in each of many documents.
    ``batch`` has pairs: so many people at a worker at a time, and how much it gets done for each second that
    one person's answers would take; ``crowded`` how much longer work takes while all cores have some.
    ``front_known`` and ``front_asked`` are the front's own part in an answer
    from memory and in one of a replica, ``server`` the replica's beside the worker, ``person`` that of the
    program that types, ``choice`` the choice among one replica more. ``start`` is the time of a replica from
    its death to its next answer. ``rows`` are rows of usage that a database writes in a second.
    """

    machine: str
    typed: list[list[float]]
    cold: list[float]
    batch: list[tuple[int, float]]
    crowded: float
    front_known: float
    front_asked: float
    server: float
    person: float
    choice: float
    start: float
    rows: dict[str, float]

    def speed(self, jobs: int) -> float:
        """How much a worker gets done with so many jobs at a time, between what was measured."""
        numbers = [number for number, _ in self.batch]
        after = bisect_left(numbers, jobs)
        if after == len(numbers):
            return self.batch[-1][1]
        (high, fast) = self.batch[after]
        if after == 0 or high == jobs:
            return fast
        (low, slow) = self.batch[after - 1]
        return slow + (fast - slow) * (jobs - low) / (high - low)


def load() -> Measured:
    found = json.loads(FILE.read_text("utf-8"))
    found["batch"] = [(number, speed) for number, speed in found["batch"]]
    return Measured(**found)


def save(measured: Measured) -> None:
    FILE.write_text(json.dumps(_rounded(asdict(measured))) + "\n", "utf-8")


def _rounded(value: Any) -> Any:
    """To a hundredth of a millisecond, or four digits of what is less."""
    if isinstance(value, float):
        return round(value, 5) if abs(value) >= 1e-2 else float(f"{value:.4g}")
    if isinstance(value, list | tuple):
        return [_rounded(each) for each in value]
    return {name: _rounded(each) for name, each in value.items()} if isinstance(value, dict) else value

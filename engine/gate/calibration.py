"""What turns features into a probability, for each model: ``calibration.toml`` beside this module.

It is made by ``bench/accept``; a model that has no table there gets that of its size.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from ..logistic import logistic
from ..types import Eagerness
from .features import NAMES

Probability = Annotated[float, Meta(ge=0, le=1)]
_MOST_REFUSED = 3
_FILE = Path(__file__).parent / "calibration.toml"


class Calibration(Struct, frozen=True, forbid_unknown_fields=True):
    """One model's. ``floors`` are pairs, rising: no text that is as likely as the first has tokens whose
    product is below the second."""

    provenance: str
    bias: float
    weights: dict[str, float]
    thresholds: dict[Eagerness, Probability]
    floors: list[tuple[Probability, Probability]]
    wrong: Annotated[float, Meta(ge=0)]
    partly: Probability
    refused: Probability
    megabytes: Annotated[int, Meta(ge=0)] = 0
    """In the table by size: from this size of file on."""
    names: list[str] = []
    """Further names of the model."""

    def __post_init__(self) -> None:
        unknown = self.weights.keys() - set(NAMES)
        if unknown or len(self.thresholds) != 3 or self.floors != sorted(self.floors):
            raise ValueError(f"weights, thresholds or floors are wrong: {sorted(unknown)}")

    def probability(self, *features: Mapping[str, float]) -> float:
        """How likely a text is to be taken, from all its features."""
        total = self.bias
        for each in features:
            total += sum(self.weights.get(name, 0.0) * value for name, value in each.items())
        return logistic(total)

    def threshold(self, eagerness: Eagerness, taken: tuple[bool, ...]) -> float:
        """How likely a text must be, after what became of the last ones."""
        return raised(self.thresholds[eagerness], self.refused, taken)

    def floor(self, threshold: float) -> float:
        """The product of token probabilities below which nothing can be as likely as ``threshold``."""
        below = [pair for pair in self.floors if pair[0] <= threshold]
        above = [pair for pair in self.floors if pair[0] > threshold]
        if not below:
            return 0.0
        (start, low), (end, high) = below[-1], (above or below[-1:])[0]
        part = (threshold - start) / (end - start) if end > start else 0.0
        return low + (high - low) * part


class Calibrations(Struct, frozen=True, forbid_unknown_fields=True):
    """All there are. ``least_characters`` has a text that is worth reading."""

    least_characters: Annotated[int, Meta(ge=1)]
    model: dict[str, Calibration]
    size: Annotated[list[Calibration], Meta(min_length=1)]

    def of(self, id: str, file: str = "") -> Calibration:
        """That of a model by its id or file, else by the file's size; without a file that of the smallest."""
        for name in (id, Path(file).stem):
            for own, each in self.model.items():
                if name and name in (own, *each.names):
                    return each
        megabytes = _size(file) / 1e6
        return [each for each in self.size if each.megabytes <= megabytes][-1]


def raised(threshold: float, refused: float, taken: Sequence[bool]) -> float:
    """A threshold after suggestions that were refused: each of those since one was taken moves it by the part
    ``refused`` of what it lacks to certainty."""
    last = taken[:_MOST_REFUSED]
    count = next((number for number, each in enumerate(last) if each), len(last))
    return 1 - (1 - threshold) * (1 - refused) ** count


@cache
def calibrations() -> Calibrations:
    """What the file says."""
    return msgspec.convert(tomllib.loads(_FILE.read_text("utf-8")), Calibrations)


def _size(file: str) -> int:
    with suppress(OSError):
        return os.stat(file).st_size
    return 0

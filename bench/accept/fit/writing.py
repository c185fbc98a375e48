"""Writes what was fitted into the gate's data file; everything else in it stays as it is."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import Table

from fimble.engine.gate.features import NAMES

from .fitting import Fitted
from .searching import Chosen

SIZES = ((0, 0.0), (100, 1 / 3), (300, 2 / 3), (1800, 1.0))
"""Megabytes of a model's file, and how far its probabilities are taken as they are: those of a large model
agree with how often it is right, those of a small one are mended as the fitted one's."""
_LEVELS = tuple(n / 10 for n in range(1, 10))
_CAUTION = 0.7
"""A floor is so much lower than what a model without measurements would be stopped at."""


def write(file: Path, model: str, found: Fitted, provenance: str) -> None:
    """Replace one model's table."""
    document: Any = tomlkit.parse(file.read_text("utf-8"))
    weights = dict(zip(NAMES, found.model.weights.tolist(), strict=True))
    document["model"][model] = _table(provenance, found.model.bias, weights, found.chosen, found.floors)
    file.write_text(tomlkit.dumps(document), "utf-8")


def write_sizes(file: Path, found: Fitted, model: str) -> None:
    """Replace the tables by size, which are derived from the one model that was fitted."""
    document: Any = tomlkit.parse(file.read_text("utf-8"))
    tables = tomlkit.aot()
    for megabytes, share in SIZES:
        bias = (1 - share) * found.alone.bias
        weight = (1 - share) * float(found.alone.weights[0]) + share
        said = (
            f"derived: the product of the tokens' probabilities, {share:.0%} as it is and the rest as fitted "
            f"to {model}"
        )
        floors = [(0.0, 0.0), *((level, _floor(level, bias, weight)) for level in _LEVELS)]
        table = _table(said, bias, {"running": weight}, found.chosen_alone, floors)
        table.add("megabytes", megabytes)
        tables.append(table)
    document["size"] = tables
    file.write_text(tomlkit.dumps(document), "utf-8")


def _table(
    provenance: str,
    bias: float,
    weights: dict[str, float],
    chosen: Chosen,
    floors: list[tuple[float, float]],
) -> Table:
    table = tomlkit.table()
    table.add("provenance", provenance)
    table.add("thresholds", _inline(dict(chosen.thresholds)))
    table.add("floors", [list(pair) for pair in floors])
    table.add("wrong", chosen.wrong)
    table.add("partly", chosen.partly)
    table.add("refused", chosen.refused)
    table.add("bias", round(bias, 4))
    lines = tomlkit.table()
    for name, weight in weights.items():
        if abs(weight) >= 5e-5:
            lines.add(name, round(weight, 4))
    table.add("weights", lines)
    return table


def _inline(values: dict[Any, float]) -> Any:
    made = tomlkit.inline_table()
    made.update(values)
    return made


def _floor(level: float, bias: float, weight: float) -> float:
    """The product of probabilities with which a text is as likely as ``level``, with caution."""
    odds = (math.log(level / (1 - level)) - bias) / weight
    return round(min(level, 1 / (1 + math.exp(-odds))) * _CAUTION, 4)

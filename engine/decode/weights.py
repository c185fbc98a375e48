"""What is known of how far a model is to believe proposals, by its size: data, with where it comes from."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path

import msgspec

from .evidence import Weights


def weights_for(parameters: int) -> Weights | None:
    """For a model with so many parameters; None for one that knows better, and where they are not known."""
    return next((weights for most, weights in _table() if 0 < parameters <= most), None)


@lru_cache(maxsize=1)
def _table() -> tuple[tuple[int, Weights], ...]:
    """The largest number of parameters that each of them is for, the smallest first."""
    found = tomllib.loads(Path(__file__).with_name("weights.toml").read_text("utf-8"))
    return tuple((row["parameters"], msgspec.convert(row["weights"], Weights)) for row in found["models"])

"""How much is measured: a few minutes each, or with ``--quick`` just enough to see that it works."""

from __future__ import annotations

import os
from typing import TypeVar

_QUICK = "FIMBLE_BENCH_QUICK"
T = TypeVar("T")


def be_quick() -> None:
    os.environ[_QUICK] = "1"


def effort(usual: T, quick: T) -> T:
    """What is usual, or what is enough for a quick look."""
    return quick if os.environ.get(_QUICK) else usual

"""Waiting for conditions: polls, because editors have no other way to tell."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
PATIENCE_SECONDS = 60.0
PAUSE_SECONDS = 0.02


def until(condition: Callable[[], T | None], what: str, seen: Callable[[], object] = lambda: "") -> T:
    """The condition's first true value; ``seen`` describes the scene if there is none."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(PAUSE_SECONDS)
    raise AssertionError(f"waited in vain for {what}\n{seen()}")

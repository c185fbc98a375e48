"""How long work learns that nobody waits for it any more."""

from __future__ import annotations

from collections.abc import Callable


class Stopped(Exception):
    """The caller no longer wants the result."""


Check = Callable[[], None]
"""Called between the steps of long work; raises when the request was cancelled or its deadline has passed."""


def unchecked() -> None:
    """The check of work that always runs to its end."""

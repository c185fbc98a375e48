"""Where log lines go: standard error, at the level that was asked for."""

from __future__ import annotations

import logging
import sys

from fimble.engine.errors import SettingsError


def set_up_log(level: str) -> int:
    """Log to standard error; returns the level as a number. Raises :class:`SettingsError`."""
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise SettingsError(f"There is no log level {level!r}. Use debug, info, warning or error.")
    logging.basicConfig(
        level=number, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    return number

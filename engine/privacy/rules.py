"""The one question that every door asks before it reads a file: is it private?"""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path

from ..limits import VERDICTS_KEPT
from .ignore_files import FRESH_SECONDS, IGNORE_FILE, Clock, IgnoreFiles, Warn
from .secrets import looks_secret

log = logging.getLogger(__name__)


class PrivacyRules:
    """Answers from names and from ``.fimbleignore`` files; answers are at most two seconds old."""

    def __init__(self, warn: Warn = log.warning, clock: Clock = time.monotonic) -> None:
        """``warn`` is told, in a sentence, of lines in ignore files that cannot be used."""
        self._ignore_files, self._clock = IgnoreFiles(warn, clock), clock
        self._verdicts: dict[Path, tuple[float, str | None]] = {}

    def reason(self, path: Path) -> str | None:
        """Why a file is left alone, as a sentence; None when it is not. A link is what it leads to."""
        known, now = self._verdicts.get(path), self._clock()
        if known is not None and now - known[0] < FRESH_SECONDS:
            return known[1]
        verdict = self._judge(path)
        if len(self._verdicts) >= VERDICTS_KEPT:
            self._verdicts.clear()
        self._verdicts[path] = (now, verdict)
        return verdict

    def _judge(self, path: Path) -> str | None:
        if looks_secret(str(path)):
            return secret_reason(path.name)
        try:
            named, real = Path(os.path.abspath(path)), Path(os.path.realpath(path))
        except (OSError, ValueError):
            return f"{path.name} is no name that a file can have, so fimble does not read it."
        if looks_secret(str(real)):
            return f"{path.name} leads to {real.name}. {secret_reason(real.name)}"
        for each in dict.fromkeys((named, real)):
            if (why := self._ignore_files.reason(each)) is not None:
                return f"{path.name} {why}, so fimble does not read it."
        return None


def secret_reason(name: str) -> str:
    return f"{name} looks like a file with secrets, so fimble does not read it."


__all__ = ["IGNORE_FILE", "PrivacyRules", "secret_reason"]

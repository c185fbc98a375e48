"""Reading ``.fimbleignore`` files: bounded, never for longer than a moment, and again when they change."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..limits import (
    IGNORE_FILE_BYTES,
    IGNORE_FILE_LINES,
    IGNORE_FOLDERS_KEPT,
    IGNORE_LINE_CHARACTERS,
    IGNORE_PATTERNS_KEPT,
)
from ..regular import open_regular
from .patterns import BadPattern, Pattern, names, parse_pattern

IGNORE_FILE = ".fimbleignore"
FRESH_SECONDS = 1.0
"""For so long what the disk said is believed: a key asks for dozens of files."""

Warn = Callable[[str], None]
Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of one folder. ``problem`` is why the ignore file in it cannot be read."""

    looked_at: float
    changed: tuple[int, ...] | None
    patterns: tuple[Pattern, ...] = ()
    problem: str = ""


class IgnoreFiles:
    """The ignore files of this machine. ``warn`` is told of each line that cannot be used."""

    def __init__(self, warn: Warn, clock: Clock = time.monotonic) -> None:
        self._warn, self._clock = warn, clock
        self._known: dict[Path, _Known] = {}

    def reason(self, path: Path) -> str | None:
        """Why an absolute path is ignored, as the end of a sentence; None when it is not.

        The file's own folder and all that it lies in may have an ignore file, and none of them can take
        back what another one names. Below one that cannot be read everything is ignored.
        """
        for folder in path.parents:
            known = self._look(folder)
            if known.problem:
                return f"is below {folder / IGNORE_FILE}, which cannot be used ({known.problem})"
            if known.patterns and names(known.patterns, path.relative_to(folder).parts):
                return f"is named in {folder / IGNORE_FILE}"
        return None

    def _look(self, folder: Path) -> _Known:
        now, known = self._clock(), self._known.get(folder)
        if known is not None and now - known.looked_at < FRESH_SECONDS:
            return known
        file = folder / IGNORE_FILE
        found = self._examine(file, now, known)
        held = sum(len(each.patterns) for each in self._known.values())
        if len(self._known) >= IGNORE_FOLDERS_KEPT or held > IGNORE_PATTERNS_KEPT:
            self._known.clear()
        self._known[folder] = found
        return found

    def _examine(self, file: Path, now: float, known: _Known | None) -> _Known:
        try:
            there = file.stat()
        except (FileNotFoundError, NotADirectoryError):
            return _Known(now, None)
        except (OSError, ValueError) as error:
            return _Known(now, None, problem=_why(error))
        changed = (there.st_mtime_ns, there.st_size, there.st_ino, there.st_dev)
        if known is not None and known.changed == changed:
            return _Known(now, changed, known.patterns, known.problem)
        try:
            return _Known(now, changed, self._parse(file, _read(file)))
        except OSError as error:
            return _Known(now, changed, problem=_why(error))

    def _parse(self, file: Path, text: str) -> tuple[Pattern, ...]:
        lines = text.splitlines()
        if len(lines) > IGNORE_FILE_LINES:
            raise OSError(f"it has more than {IGNORE_FILE_LINES:,} lines")
        made = []
        for number, line in enumerate(lines, 1):
            try:
                if len(line) > IGNORE_LINE_CHARACTERS:
                    raise BadPattern(f"it has more than {IGNORE_LINE_CHARACTERS:,} characters")
                pattern = parse_pattern(line)
            except BadPattern as error:
                self._warn(f"Line {number} of {file} is no pattern: {error}. Correct it; it is left out.")
                continue
            if pattern is not None:
                made.append(pattern)
        return tuple(made)


def _read(file: Path) -> str:
    """The text of a regular file."""
    with open(open_regular(file), "rb") as opened:
        data = opened.read(IGNORE_FILE_BYTES + 1)
    if len(data) > IGNORE_FILE_BYTES:
        raise OSError(f"it is larger than {IGNORE_FILE_BYTES:,} bytes")
    return data.decode("utf-8", "replace").removeprefix("\ufeff")


def _why(error: OSError | ValueError) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower()

"""Windows of other files that are most like the text at the cursor, by the names that both have.

Fixed windows and the share of common names find what helps about as well as trained retrieval does, at a
small part of the cost (arXiv 2408.05026; 2303.12570 shows what follows the window that is like the text).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .words import words

LINES, STEP = 20, 10
FOLLOWING = 10
"""So many lines behind a window are shown in place of its first ones: they are what may be wanted."""


@dataclass(frozen=True, slots=True)
class Window:
    """``score`` is the share of names that a window and the text at the cursor have in common."""

    path: str
    score: float
    text: str


def wanted_words(prefix: str) -> frozenset[str]:
    """The names of the last lines ahead of the cursor."""
    return words("\n".join(prefix.rsplit("\n", LINES)[-LINES:]))


def best_window(path: str, text: str, wanted: frozenset[str]) -> Window | None:
    """The window of a file that has most in common, the first of several equal ones."""
    lines = text.split("\n")
    parts = [words("\n".join(lines[at : at + STEP])) for at in range(0, len(lines), STEP)]
    best, score = -1, 0.0
    for number, part in enumerate(parts):
        both = part.union(*parts[number + 1 : number + LINES // STEP])
        common = len(both & wanted)
        this = common / (len(both) + len(wanted) - common) if common else 0.0
        if this > score:
            best, score = number * STEP, this
    if best < 0:
        return None
    start = min(best + FOLLOWING, max(0, len(lines) - LINES))
    shown = lines[start : start + LINES]
    return Window(path, score, "\n".join(shown).strip("\n") + "\n")


def most_like(files: Iterable[tuple[str, str]], wanted: frozenset[str], least: float) -> list[Window]:
    """The best window of each file, the most like the text first; none below ``least``."""
    if len(wanted) < 4:
        return []
    found = (best_window(path, text, wanted) for path, text in files)
    return sorted((w for w in found if w is not None and w.score >= least), key=lambda w: (-w.score, w.path))

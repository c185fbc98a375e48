"""The life of a suggestion: kept while it can still be right, so that typing it costs nothing."""

from __future__ import annotations

import itertools
from collections import deque
from dataclasses import dataclass, replace

from .documents import Snapshot

KEPT = 12
_CLOSERS = ")]}\"'`>"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A text for a place in a document: what stands between ``prefix`` and ``suffix``."""

    id: str
    text: str
    prefix: str
    suffix: str


class SuggestionMemory:
    """The last suggestions of one document, found again for the same text and for typing along."""

    _ids = itertools.count(1)

    def __init__(self) -> None:
        self._kept: deque[Suggestion] = deque(maxlen=KEPT)

    def add(self, text: str, prefix: str, suffix: str) -> Suggestion:
        """Remember a suggestion; the empty one is remembered too, and saves asking again."""
        suggestion = Suggestion(f"s{next(self._ids)}", text, prefix, suffix)
        self._kept.appendleft(suggestion)
        return suggestion

    def get(self, id: str) -> Suggestion | None:
        """A suggestion by its id, as it was made."""
        return next((kept for kept in self._kept if kept.id == id), None)

    def find(self, snapshot: Snapshot) -> Suggestion | None:
        """What is left of an earlier suggestion at this state of the text, if it still fits."""
        for kept in self._kept:
            text = remaining(kept, snapshot.prefix, snapshot.suffix)
            if text is not None:
                return replace(kept, text=text, prefix=snapshot.prefix, suffix=snapshot.suffix)
        return None


def remaining(kept: Suggestion, prefix: str, suffix: str) -> str | None:
    """The part of a suggestion that is still to be typed, or None when the text went another way.

    Fits when what was typed since is the suggestion's beginning, and what follows is as before or has
    one closing bracket or quote more, put in by the editor, that the suggestion contains too.
    """
    if not prefix.startswith(kept.prefix):
        return None
    typed = prefix[len(kept.prefix) :]
    if not kept.text.startswith(typed):
        return None
    left = kept.text[len(typed) :]
    if not left and typed:
        return None  # all of it was typed: time for a new one
    if suffix == kept.suffix:
        return left
    return _without_closed(left, typed, suffix, kept.suffix)


def _without_closed(left: str, typed: str, suffix: str, old_suffix: str) -> str | None:
    """For ``foo(`` typed where the editor adds ``)``: the suggestion up to its own ``)``."""
    added = suffix[: len(suffix) - len(old_suffix)]
    if len(added) != 1 or added not in _CLOSERS or suffix[1:] != old_suffix or not typed:
        return None
    depth = 0
    for at, char in enumerate(left):
        if char == added and depth == 0:
            return left[:at] if at and not left[at + 1 :].strip() else None
        depth += (char == typed[-1]) - (char == added)
    return None

"""The life of a suggestion: remembered while it can still be right, so that typing it costs nothing.

Of the text around a suggestion only hashes are kept, so a memory is small however large the files are.
"""

from __future__ import annotations

import itertools
from collections import deque
from dataclasses import dataclass, replace

from .limits import SUGGESTIONS_KEPT
from .snapshot import Snapshot

_CLOSERS = ")]}\"'`>"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A text for a place in a document.

    ``before`` counts the file's characters ahead of the place, of which ``left_out`` were not looked at;
    ``prefix_hash`` and ``suffix_hash`` stand for the text around it.
    """

    id: str
    uri: str
    text: str
    before: int
    left_out: int
    prefix_hash: int
    suffix_hash: int

    @classmethod
    def made(cls, id: str, text: str, snapshot: Snapshot) -> Suggestion:
        return cls(
            id, snapshot.uri, text, snapshot.before, snapshot.left_out,
            hash(snapshot.prefix), hash(snapshot.suffix),
        )  # fmt: skip


class SuggestionMemory:
    """The last suggestions of each document, found again for the same text and for typing along.

    It belongs to one engine with its options: when they change, a new memory takes its place.
    """

    def __init__(self, ids: itertools.count[int] | None = None) -> None:
        self._ids = ids or itertools.count(1)
        self._made: dict[str, deque[Suggestion]] = {}
        self._offered: deque[Suggestion] = deque(maxlen=SUGGESTIONS_KEPT)
        self._accepted: deque[str] = deque(maxlen=SUGGESTIONS_KEPT)

    def add(self, text: str, snapshot: Snapshot) -> Suggestion:
        """Remember a suggestion; the empty one is remembered too, and saves asking again."""
        suggestion = Suggestion.made(f"s{next(self._ids)}", text, snapshot)
        self._made.setdefault(snapshot.uri, deque(maxlen=SUGGESTIONS_KEPT)).appendleft(suggestion)
        return suggestion

    def find(self, snapshot: Snapshot) -> Suggestion | None:
        """What is left of an earlier suggestion at this state of the text, if it still fits."""
        for made in self._made.get(snapshot.uri, ()):
            text = remaining(made, snapshot)
            if text is not None:
                return replace(made, text=text, before=snapshot.before)
        return None

    def offer(self, suggestion: Suggestion) -> bool:
        """Note that a suggestion goes to the editor, as it is now; returns whether for the first time."""
        earlier = self.offered(suggestion.id)
        if earlier is not None:
            self._offered.remove(earlier)
        self._offered.appendleft(suggestion)
        return earlier is None

    def offered(self, id: str) -> Suggestion | None:
        """A suggestion as the editor was given it last."""
        return next((each for each in self._offered if each.id == id), None)

    def accept(self, id: str) -> Suggestion | None:
        """A suggestion that the user took, as it was offered; None when that was told before."""
        offered = self.offered(id)
        if offered is None or id in self._accepted:
            return None
        self._accepted.append(id)
        return offered

    def forget(self, uri: str) -> None:
        self._made.pop(uri, None)


def remaining(made: Suggestion, now: Snapshot) -> str | None:
    """The part of a suggestion that is still to be typed, or None when the text went another way.

    Fits when what was typed since is the suggestion's beginning, and what follows is as before or has
    one closing bracket or quote more, put in by the editor, that the suggestion contains too.
    """
    count = now.before - made.before
    if not 0 <= count <= len(made.text) or made.left_out != now.left_out:
        return None
    at = len(now.prefix) - count
    typed, left = now.prefix[at:], made.text[count:]
    if not made.text.startswith(typed) or hash(now.prefix[:at]) != made.prefix_hash:
        return None
    if not left and typed:
        return None  # all of it was typed: time for a new one
    if hash(now.suffix) == made.suffix_hash:
        return left
    return _without_closed(left, typed, now.suffix, made.suffix_hash)


def _without_closed(left: str, typed: str, suffix: str, old_suffix_hash: int) -> str | None:
    """For ``foo(`` typed where the editor adds ``)``: the suggestion up to its own ``)``."""
    added = suffix[:1]
    if not added or added not in _CLOSERS or not typed or hash(suffix[1:]) != old_suffix_hash:
        return None
    depth = 0
    for at, char in enumerate(left):
        if char == added and depth == 0:
            return left[:at] if at and not left[at + 1 :].strip() else None
        depth += (char == typed[-1]) - (char == added)
    return None

"""The life of a suggestion: made, remembered, offered, accepted."""

from __future__ import annotations

import itertools
from collections import deque
from dataclasses import dataclass, replace

from fimble.engine.remembered import Remembered, RememberedTexts, marks

from .limits import DOCUMENTS, SUGGESTIONS_KEPT
from .origins import NOBODY, Origin
from .snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Suggestion(Remembered):
    """A text for a place in the document ``uri``, with a name of its own."""

    id: str
    uri: str
    origin: Origin = NOBODY

    @classmethod
    def made(cls, id: str, text: str, snapshot: Snapshot, origin: Origin = NOBODY) -> Suggestion:
        return cls(text, *marks(snapshot), id, snapshot.uri, origin)


class SuggestionMemory:
    """The last suggestions of each document, found again for the same text and for typing along.

    It belongs to one engine with its options: when they change, a new memory takes its place.
    """

    def __init__(self, ids: itertools.count[int] | None = None) -> None:
        self._ids = ids or itertools.count(1)
        self._made = RememberedTexts[Suggestion](SUGGESTIONS_KEPT, DOCUMENTS)
        self._offered: deque[Suggestion] = deque(maxlen=SUGGESTIONS_KEPT)
        self._accepted: deque[str] = deque(maxlen=SUGGESTIONS_KEPT)

    def add(self, text: str, snapshot: Snapshot, origin: Origin = NOBODY) -> Suggestion:
        """Remember a suggestion; the empty one is remembered too, and saves asking again."""
        suggestion = Suggestion.made(f"s{next(self._ids)}", text, snapshot, origin)
        self._made.add(snapshot.uri, suggestion)
        return suggestion

    def find(self, snapshot: Snapshot) -> Suggestion | None:
        """What is left of an earlier suggestion at this state of the text, if it still fits."""
        found = self._made.find(snapshot.uri, snapshot)
        if found is None:
            return None
        made, left = found
        return replace(made, text=left, before=snapshot.before)

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
        self._made.forget(uri)

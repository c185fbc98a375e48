"""What became of the suggestions that were shown: taken, or typed over.

Nothing is counted for one that the user left alone by going elsewhere. Of the text around a suggestion only
hashes are kept.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from .limits import OUTCOMES_KEPT
from .snapshot import Snapshot
from .suggestions import Suggestion


@dataclass(slots=True)
class _History:
    """Of one document: the suggestion that stands there as it was shown first, the name of the one that was
    shown last, and how the last ones ended, the newest first."""

    standing: Suggestion | None = None
    last: str = ""
    ended: deque[tuple[str, bool]] = field(default_factory=lambda: deque(maxlen=OUTCOMES_KEPT))


class Outcomes:
    """How the last suggestions in each open document ended."""

    def __init__(self) -> None:
        self._histories: dict[str, _History] = {}

    def of(self, uri: str) -> tuple[bool, ...]:
        """Whether the last suggestions were taken, the newest first."""
        history = self._histories.get(uri)
        return tuple(taken for _, taken in history.ended) if history else ()

    def shown(self, suggestion: Suggestion) -> bool:
        """It stands under the cursor now; returns whether another one stood there before. What is left of it
        while it is typed is the same suggestion."""
        history = self._histories.setdefault(suggestion.uri, _History())
        if history.standing is None or history.standing.id != suggestion.id:
            history.standing = suggestion
        last, history.last = history.last, suggestion.id
        return last != suggestion.id

    def accepted(self, suggestion: Suggestion) -> None:
        """The user took it, or the first part of it."""
        self._end(self._histories.setdefault(suggestion.uri, _History()), suggestion.id, taken=True)

    def look(self, now: Snapshot) -> bool:
        """See what the text around the cursor tells of the suggestion that stands in its document; returns
        whether it was typed over just now."""
        history = self._histories.get(now.uri)
        if history is None or history.standing is None:
            return False
        typed = _typed_since(history.standing, now)
        if typed is None:
            history.standing = None
            return False
        text, id = history.standing.text, history.standing.id
        taken = typed.startswith(text)
        if taken or not text.startswith(typed):
            self._end(history, id, taken)
            return not taken
        return False

    def forget(self, uri: str) -> None:
        self._histories.pop(uri, None)

    def _end(self, history: _History, id: str, taken: bool) -> None:
        if history.standing is not None and history.standing.id == id:
            history.standing = None
        if all(id != ended for ended, _ in history.ended):
            history.ended.appendleft((id, taken))


def _typed_since(shown: Suggestion, now: Snapshot) -> str | None:
    """What was typed where it was shown; None where the cursor is elsewhere, or other text was changed. The
    editor may have put a closing bracket behind the cursor."""
    count = now.before - shown.before
    at = len(now.prefix) - count
    if count < 0 or at < 0 or now.left_out != shown.left_out:
        return None
    if hash(now.prefix[:at]) != shown.prefix_hash:
        return None
    if shown.suffix_hash not in (hash(now.suffix), hash(now.suffix[1:])):
        return None
    return now.prefix[at:]

"""What was suggested, remembered while it can still be right, so that typing it costs nothing.

Of the text around a suggestion only hashes are kept, so a memory is small however large the files are.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

_CLOSERS = ")]}\"'`>"


class Around(Protocol):
    """The text around a cursor; ``left_out`` counts the file's characters ahead of ``prefix``."""

    @property
    def prefix(self) -> str: ...
    @property
    def suffix(self) -> str: ...
    @property
    def left_out(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Remembered:
    """A text for a place in a document.

    ``before`` counts the file's characters ahead of the place, of which ``left_out`` were not looked at;
    ``prefix_hash`` and ``suffix_hash`` stand for the text around it. See :func:`marks`.
    """

    text: str
    before: int
    left_out: int
    prefix_hash: int
    suffix_hash: int


R = TypeVar("R", bound=Remembered)


class RememberedTexts(Generic[R]):
    """The last texts made for each document, found again for the same text around the cursor and for typing
    along. The document that was not used for longest is forgotten first."""

    def __init__(self, kept: int, documents: int) -> None:
        """``kept`` texts of each of so many ``documents``."""
        self._kept, self._documents = kept, documents
        self._made: dict[Hashable, deque[R]] = {}

    def __len__(self) -> int:
        """How many documents it knows."""
        return len(self._made)

    def add(self, document: Hashable, made: R) -> None:
        """Remember a text; the empty one too, since it saves asking again."""
        self._used(document, self._made.get(document) or deque(maxlen=self._kept)).appendleft(made)
        if len(self._made) > self._documents:
            self.forget_oldest()

    def find(self, document: Hashable, now: Around) -> tuple[R, str] | None:
        """The newest text that still fits, and what is left of it."""
        known = self._made.get(document)
        if known is None:
            return None
        for made in self._used(document, known):
            left = remaining(made, now)
            if left is not None:
                return made, left
        return None

    def forget(self, document: Hashable) -> None:
        self._made.pop(document, None)

    def forget_oldest(self) -> None:
        """Forget the document that was not used for longest."""
        del self._made[next(iter(self._made))]

    def _used(self, document: Hashable, made: deque[R]) -> deque[R]:
        self._made.pop(document, None)
        self._made[document] = made
        return made


def marks(around: Around) -> tuple[int, int, int, int]:
    """By what a place is known again: the last four fields of :class:`Remembered`."""
    before = around.left_out + len(around.prefix)
    return before, around.left_out, hash(around.prefix), hash(around.suffix)


def remaining(made: Remembered, now: Around) -> str | None:
    """The part of a suggestion that is still to be typed, or None when the text went another way.

    Fits when what was typed since is the suggestion's beginning, and what follows is as before or has
    one closing bracket or quote more, put in by the editor, that the suggestion contains too.
    """
    count = now.left_out + len(now.prefix) - made.before
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

"""A source that is followed along an answer: while the places that were found go on as the answer does, they
are still the best, and nothing is searched."""

from __future__ import annotations

from collections.abc import Sequence

from .occurrences import Occurrence, Occurrences
from .texts import LONG

_ENOUGH = 4
"""Where there were more places than were asked for, so many of them stand for the rest."""
_LEFT = 24
"""Of the text behind a place so many bytes are to be known."""


class Followed:
    """At most ``limit`` places at a time; those in the file ``skipped`` do not count."""

    def __init__(self, source: Occurrences, limit: int, skipped: str = "") -> None:
        self._source, self._limit, self._skipped = source, limit, skipped
        self._found: Sequence[Occurrence] = ()
        self._cut = False

    def accept(self, data: bytes) -> None:
        """These bytes were added to the text."""
        size = len(data)
        self._found = [
            Occurrence(each.text[size:], each.matched + size, each.path)
            for each in self._found
            if len(each.text) > size and each.text.startswith(data)
        ]

    def find(self, tail: bytes) -> Sequence[Occurrence]:
        """The places for the end of the text."""
        if not self._suffices():
            self._found = self._source.find(tail, self._limit, self._skipped)
            self._cut = len(self._found) >= self._limit
        return self._found

    def _suffices(self) -> bool:
        """Whether no search could find better ones: a place that was not found before has a shorter match."""
        best = max((each.matched for each in self._found), default=0)
        shortest = min((len(each.text) for each in self._found), default=0)
        return best >= LONG and shortest >= _LEFT and (not self._cut or len(self._found) >= _ENOUGH)

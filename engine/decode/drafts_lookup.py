"""Guesses from the texts of a request: what stood behind the same characters before.

The idea is that of prompt lookup decoding (Saxena 2023) and of LLMA (Yang et al. 2023), here with bytes
instead of tokens, so that a cursor inside a token does not matter, and over more text than the model reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..limits import DRAFT_SOURCE_BYTES
from .drafts import Guess

LENGTHS = (6, 8, 12, 16, 24, 48)
"""How many of the last bytes were found again: at least so many."""
_SHORTEST, _PLACES = LENGTHS[0], 8
_CONTINUATION = 64
_BREAK = b"\0"
_INSIDE = range(0x80, 0xC0)
"""Bytes of UTF-8 with which no character begins."""


class Lookup:
    """See :class:`~.drafts.Source`. The last of ``texts`` is what the answer follows; those ahead of it are
    looked at when it has nothing, the last one first."""

    def __init__(self, texts: Sequence[bytes]) -> None:
        self._text = bytearray(_BREAK.join(texts)[-DRAFT_SOURCE_BYTES:])
        self._next: int | None = None

    def accept(self, data: bytes) -> None:
        if self._next is not None:
            self._next = self._next + len(data) if self._text.startswith(data, self._next) else None
        self._text += data

    def guess(self) -> Guess | None:
        """The longest match, and of equal ones the one that has been right so far, then the nearest."""
        best, place = 0, None
        for at in self._places():
            if (matched := self._matched(at)) > best:
                best, place = matched, at
        self._next = place
        if place is None:
            return None
        text = bytes(self._text[place : place + _CONTINUATION]).partition(_BREAK)[0]
        return Guess(text, best) if text and text[0] not in _INSIDE else None

    def _places(self) -> Iterator[int]:
        """Offsets behind earlier places of the last bytes."""
        if self._next is not None:
            yield self._next
        tail, end = self._text[-_SHORTEST:], len(self._text) - 1
        if len(tail) < _SHORTEST or _BREAK in tail:
            return
        for _ in range(_PLACES):
            at = self._text.rfind(tail, 0, end)
            if at < 0:
                return
            yield at + _SHORTEST
            end = at + _SHORTEST - 1

    def _matched(self, at: int) -> int:
        """The greatest of :data:`LENGTHS` for which a place ends as the text does; 0 for none."""
        matched = 0
        for length in LENGTHS:
            tail = self._text[-length:]
            if length > at or self._text[at - length : at] != tail or _BREAK in tail:
                break
            matched = length
        return matched

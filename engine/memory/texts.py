"""Texts that a request carries, as :class:`~.occurrences.Occurrences`: small, and searched directly."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, islice

from ..limits import FOLLOWING_BYTES, MATCHED_BYTES, OTHER_TEXT_BYTES
from .occurrences import Occurrence

SHORTEST, LONG = 3, 16
"""How many of the last bytes must be found again: a few, for a word that was begun."""
_LENGTHS = (LONG, 6, SHORTEST)
"""A longer match is looked for first."""
_ENOUGH = 4
"""Where so many long matches were found, short ones have nothing to add."""
_BREAK = b"\0"
"""Between texts, so that none runs into the next."""


class OwnText:
    """The file around the cursor; it grows with the answer."""

    def __init__(self, before: bytes, after: bytes = b"", path: str = "") -> None:
        self._before, self._after, self._path = bytearray(before), after, path

    @property
    def tail(self) -> bytes:
        """The last bytes ahead of the cursor."""
        return bytes(self._before[-MATCHED_BYTES:])

    def add(self, data: bytes | bytearray) -> None:
        self._before += data

    def find(self, tail: bytes, limit: int, skipped: str = "") -> Sequence[Occurrence]:
        """Of equal matches, those ahead of the cursor come first, and the nearest of them."""

        def search(part: bytes) -> Iterator[tuple[bytes | bytearray, int]]:
            yield from ((self._before, at) for at in _backward(self._before, part))
            yield from ((self._after, at) for at in _forward(self._after, part))

        places = _best(search, tail, limit)
        return [_occurrence(text, at, tail, self._path) for text, at in places]


class OtherTexts:
    """Texts by their paths, the nearest first."""

    def __init__(self, texts: Sequence[tuple[str, bytes]]) -> None:
        kept = [(path, text) for path, text in texts if text]
        self.paths = [path for path, _ in kept]
        self._ends = list(accumulate(len(text) + len(_BREAK) for _, text in kept))
        self._text = _BREAK.join(text for _, text in kept)[:OTHER_TEXT_BYTES]

    def find(self, tail: bytes, limit: int, skipped: str = "") -> Sequence[Occurrence]:
        places = _best(lambda part: ((self._text, at) for at in _forward(self._text, part)), tail, limit)
        found = [_occurrence(text, at, tail, self._path(at)) for text, at in places]
        return [each for each in found if each.path != skipped or not skipped]

    def _path(self, at: int) -> str:
        return self.paths[min(bisect_right(self._ends, at), len(self.paths) - 1)]


Places = Iterator[tuple[bytes | bytearray, int]]


def _best(search: Callable[[bytes], Places], tail: bytes, limit: int) -> list[tuple[bytes | bytearray, int]]:
    """Places behind the last bytes: of a long match, and if there are few, of a short one."""
    found: list[tuple[bytes | bytearray, int]] = []
    for length in _LENGTHS:
        if len(tail) >= length and len(found) < _ENOUGH:
            found = list(islice(search(tail[-length:]), limit))
    return found


def _backward(text: bytearray, part: bytes) -> Iterator[int]:
    """Offsets behind ``part``, the last first; the very end is none."""
    at = text.rfind(part, 0, len(text) - 1)
    while at >= 0:
        yield at + len(part)
        at = text.rfind(part, 0, at + len(part) - 1)


def _forward(text: bytes, part: bytes) -> Iterator[int]:
    at = text.find(part)
    while 0 <= at < len(text) - len(part):
        yield at + len(part)
        at = text.find(part, at + 1)


def _occurrence(text: bytes | bytearray, at: int, tail: bytes, path: str) -> Occurrence:
    following = bytes(text[at : at + FOLLOWING_BYTES]).partition(_BREAK)[0]
    return Occurrence(following, _agreeing(bytes(text[max(0, at - len(tail)) : at]), tail), path)


def _agreeing(ahead: bytes, tail: bytes) -> int:
    """How many of the last bytes are the same."""
    tail = tail[-len(ahead) :]
    different = int.from_bytes(ahead) ^ int.from_bytes(tail)
    return ((different & -different).bit_length() - 1) // 8 if different else len(ahead)

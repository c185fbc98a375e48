"""A model's tokens in the order of their bytes, to find those that begin with some."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


class PieceTable:
    """Control tokens have no bytes and are not in it. It is made when it is first asked, in some 5 µs a
    token, and keeps about 100 bytes for each."""

    def __init__(self, size: int, piece: Callable[[int], bytes]) -> None:
        self.size = size
        """That of the vocabulary."""
        self.piece = piece

    def beginning(self, data: bytes) -> NDArray[np.intp]:
        """The tokens that begin with these bytes, in the order of theirs."""
        pieces, ids = self._sorted
        return ids[bisect_left(pieces, data) : bisect_left(pieces, _behind(data))]

    def begins(self, data: bytes, more: bool = False) -> bool:
        """Whether a token begins with these bytes; with ``more`` only one that is longer."""
        pieces, _ = self._sorted
        at = bisect_left(pieces, data + b"\0" if more else data)
        return at < len(pieces) and pieces[at].startswith(data)

    def find(self, data: bytes) -> list[int]:
        """The tokens that are these bytes: mostly one, sometimes none or several."""
        pieces, ids = self._sorted
        at = bisect_left(pieces, data)
        return [int(token) for token in ids[at : bisect_left(pieces, data + b"\0", at)]]

    def first_of(self, data: bytes) -> list[int]:
        """The tokens that are the longest beginning of these bytes."""
        lengths = range(min(len(data), self._longest), 0, -1)
        return next((found for length in lengths if (found := self.find(data[:length]))), [])

    def spells(self, data: bytes) -> bool:
        """Whether tokens can be put together to these bytes, by the longest beginning each time."""
        while data and (first := self.first_of(data)):
            data = data[len(self.piece(first[0])) :]
        return not data

    @cached_property
    def _sorted(self) -> tuple[list[bytes], NDArray[np.intp]]:
        found = {token: piece for token in range(self.size) if (piece := self.piece(token))}
        ids = sorted(found, key=found.__getitem__)
        return [found[token] for token in ids], np.array(ids, np.intp)

    @cached_property
    def _longest(self) -> int:
        return max(map(len, self._sorted[0]), default=0)


def _behind(data: bytes) -> bytes:
    """What comes after all bytes that begin with ``data``; 0xff at the end has nothing behind it."""
    kept = data.rstrip(b"\xff")
    return kept[:-1] + bytes([kept[-1] + 1]) if kept else data + b"\xff" * 64

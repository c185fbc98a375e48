"""One search in a segment: the place with the longest match, then the next best, and so on."""

from __future__ import annotations

from array import array

from ..limits import FOLLOWING_BYTES
from .layout import STRIDE
from .segment import Segment

_BESIDE = 16
"""So many more places than are needed are read on each side: the next ones are there."""


class Search:
    """``key`` is the text ahead of the cursor backwards, without zero bytes, of at most
    :data:`~.limits.MATCH_BYTES`. The best place is beside the one where the key would stand in the array, and
    the further from there, the shorter is what agrees. Everything here raises :class:`OSError`."""

    def __init__(self, segment: Segment, key: bytes) -> None:
        self.segment = segment
        self._length = segment.length
        self._key, self._size, self._whole = key, len(key), int.from_bytes(key)
        self._first, self._places = 0, array("I")
        self._right = self._insertion()
        self._left = self._right - 1
        self._above, self._below = self._found(self._left), self._found(self._right)
        self.matched = max(self._above, self._below)[0]
        """How many bytes agree at the best place that was not taken yet; 0: there is none."""

    def take(self) -> tuple[int, bytes]:
        """That place, and the text behind it, to its file's end at most; ``matched`` is then of the next."""
        if self._below[0] >= self._above[0]:
            _, place, following = self._below
            self._right += 1
            self._below = self._found(self._right)
        else:
            _, place, following = self._above
            self._left -= 1
            self._above = self._found(self._left)
        self.matched = max(self._below[0], self._above[0])
        return place, following[::-1].partition(b"\0")[0]

    def _insertion(self) -> int:
        """The first rank whose text does not come before the key."""
        low, high = self.segment.narrowed(self._key)
        key, size, read = self._key, self._size, self.segment.backwards
        while high - low > 2 * STRIDE:
            middle = (low + high) // 2
            if read(self._place(middle), size) < key:
                low = middle + 1
            else:
                high = middle
        self._look(low - _BESIDE, high - low + 2 * _BESIDE)
        places, first = self._places, self._first
        while low < high:  # the same, for what is most of a search's time
            middle = (low + high) // 2
            if read(places[middle - first], size) < key:
                low = middle + 1
            else:
                high = middle
        return low

    def _found(self, rank: int) -> tuple[int, int, bytes]:
        """How many bytes agree at a rank, the place, and the text behind it backwards; nothing agrees where
        there is no such rank."""
        if not 0 <= rank < self._length:
            return 0, 0, b""
        place, size = self._place(rank), self._size
        behind = min(place, FOLLOWING_BYTES)
        data = self.segment.backwards(place - behind, behind + size)
        there = int.from_bytes(data[behind:].ljust(size, b"\0"))
        return size - ((there ^ self._whole).bit_length() + 7 >> 3), place, data[:behind]

    def _place(self, rank: int) -> int:
        """What the array says; nothing outside the text is believed."""
        if not 0 <= (index := rank - self._first) < len(self._places):
            self._look(rank - _BESIDE, 2 * _BESIDE)
            index = rank - self._first
        place = self._places[index]
        return place if place < self._length else 0

    def _look(self, first: int, count: int) -> None:
        self._first = max(0, first)
        self._places = self.segment.places(self._first, min(count, self._length - self._first))

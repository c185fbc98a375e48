"""One search in a segment: the place with the longest match, then the next best, and so on."""

from __future__ import annotations

from array import array

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
        self._texts: dict[int, bytes] = {}
        self._right = self._insertion()
        self._left = self._right - 1
        self._above, self._below = self._agreeing(self._left), self._agreeing(self._right)
        self.matched = max(self._above, self._below)
        """How many bytes agree at the best place that was not taken yet; 0: there is none."""

    def take(self) -> int:
        """That place; ``matched`` is then of the next one."""
        if self._below >= self._above:
            place = self._place(self._right)
            self._right += 1
            self._below = self._agreeing(self._right)
        else:
            place = self._place(self._left)
            self._left -= 1
            self._above = self._agreeing(self._left)
        self.matched = max(self._above, self._below)
        return place

    def _insertion(self) -> int:
        """The first rank whose text does not come before the key."""
        low, high = self.segment.narrowed(self._key)
        key, size, texts, read = self._key, self._size, self._texts, self.segment.backwards
        while high - low > 2 * STRIDE:
            middle = (low + high) // 2
            if self._text(middle) < key:
                low = middle + 1
            else:
                high = middle
        self._look(low - _BESIDE, high - low + 2 * _BESIDE)
        places, first = self._places, self._first
        while low < high:  # the same, for what is most of a search's time
            middle = (low + high) // 2
            texts[middle] = text = read(places[middle - first], size)
            if text < key:
                low = middle + 1
            else:
                high = middle
        return low

    def _agreeing(self, rank: int) -> int:
        """How many bytes agree at a rank; none where there is no such rank."""
        if not 0 <= rank < self._length:
            return 0
        there = self._texts.get(rank) or self._text(rank)
        differing = int.from_bytes(there) ^ self._whole if len(there) == self._size else self._whole
        return self._size - (differing.bit_length() + 7 >> 3)

    def _place(self, rank: int) -> int:
        """What the array says; nothing outside the text is believed."""
        if not 0 <= (index := rank - self._first) < len(self._places):
            self._look(rank - _BESIDE, 2 * _BESIDE)
            index = rank - self._first
        place = self._places[index]
        return place if place < self._length else 0

    def _text(self, rank: int) -> bytes:
        text = self._texts[rank] = self.segment.backwards(self._place(rank), self._size)
        return text

    def _look(self, first: int, count: int) -> None:
        self._first = max(0, first)
        self._places = self.segment.places(self._first, min(count, self._length - self._first))

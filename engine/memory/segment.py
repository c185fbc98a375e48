"""Searching one segment: some files' text with its suffix array, on disk.

Text and array are read from the file as they are needed, a few hundred bytes at a time, and not mapped into
memory: the system has them at hand, this process stays small, and a file that somebody cut short costs a
result and not the process. The list of files and the signposts are held, and checked when the segment is
opened; the rest is checked by :meth:`Segment.sound` alone. What a damaged number leads to is nonsense from
the same segment at worst.
"""

from __future__ import annotations

import os
import weakref
import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from pathlib import Path

from ..limits import FOLLOWING_BYTES
from .layout import NUMBER_BYTES, STRIDE, WORD_BYTES, WORDS, BadIndex, Header, read_header, read_table

_PIECE = 1 << 20
_BESIDE = 16
"""So many more places than are needed are read on each side: the next ones are there."""
_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


class Segment:
    """An open segment. A place in it is a number of bytes of text, backwards."""

    def __init__(self, path: Path) -> None:
        """Raises :class:`BadIndex`, or :class:`OSError` where the file cannot be read."""
        self._handle = os.open(path, _FLAGS)
        weakref.finalize(self, os.close, self._handle)
        found = os.fstat(self._handle)
        if hasattr(os, "getuid") and found.st_uid != os.getuid():
            raise BadIndex("it belongs to another user")
        self._header = header = read_header(self._read(0, Header.SIZE))
        if header.end != found.st_size:
            raise BadIndex("it has the wrong length")
        self.table = read_table(self._read(Header.SIZE, header.table), header)
        self._text_at, self._array_at = header.text_at, header.array_at
        posts = self._read(header.signposts_at, header.signposts)
        if zlib.crc32(posts) != header.signposts_check:
            raise BadIndex("its signposts are damaged")
        column = len(posts) // WORDS
        self._signposts = [array("Q", posts[at : at + column]) for at in range(0, len(posts), column)]
        self.dead: frozenset[int] = frozenset()
        """Numbers of the files whose text is out of date."""

    def __len__(self) -> int:
        return len(self.table.paths)

    @property
    def length(self) -> int:
        """Bytes of text."""
        return self._header.text

    def size_of(self, number: int) -> int:
        """The bytes of a file's text, with the zero byte behind it."""
        starts = self.table.starts
        return (starts[number + 1] if number + 1 < len(starts) else self.length) - starts[number]

    def text(self, number: int) -> bytes:
        """The text of a file."""
        size = self.size_of(number)
        first = self.length - self.table.starts[number] - size
        return self._read(self._header.text_at + first + 1, size - 1)[::-1]

    def matches(self, key: bytes) -> Iterator[tuple[int, int]]:
        """Places, best first: how many bytes of ``key`` (the text ahead of the cursor backwards, without zero
        bytes, at most :data:`~.limits.MATCH_BYTES`) agree with what begins there, and the place.
        Raises :class:`OSError`."""
        search = _Search(self, key)
        right = search.insertion()
        left = right - 1
        lower, upper = search.agreeing(left), search.agreeing(right)
        while lower or upper:
            if upper >= lower:
                yield upper, search.place(right)
                right += 1
                upper = search.agreeing(right)
            else:
                yield lower, search.place(left)
                left -= 1
                lower = search.agreeing(left)

    def at(self, place: int) -> tuple[int, bytes]:
        """The number of the file that a place is in, and the text behind the place, to the file's end at
        most."""
        number = bisect_right(self.table.starts, self.length - place - 1) - 1
        first = max(0, place - FOLLOWING_BYTES)
        return number, self._read(self._header.text_at + first, place - first)[::-1].partition(b"\0")[0]

    def sound(self) -> bool:
        """Whether text and array are what was written. Reads the whole file, and keeps none of it."""
        header = self._header
        text = self._checksum(header.text_at, header.text)
        numbers = self._checksum(header.array_at, NUMBER_BYTES * header.text)
        return (text, numbers) == (header.text_check, header.array_check)

    def backwards(self, place: int, size: int) -> bytes:
        """``size`` bytes of the text backwards."""
        return os.pread(self._handle, size, self._text_at + place)

    def places(self, first: int, count: int) -> array[int]:
        """A part of the array."""
        size = NUMBER_BYTES * count
        data = os.pread(self._handle, size, self._array_at + NUMBER_BYTES * first)
        return array("I", data if len(data) == size else data.ljust(size, b"\0"))

    def narrowed(self, key: bytes) -> tuple[int, int]:
        """The part of the array in which ``key`` belongs: its first number, and the one behind its last."""
        first, last = 0, len(self._signposts[0])
        for at, words in zip(range(0, len(key), WORD_BYTES), self._signposts, strict=False):
            word = key[at : at + WORD_BYTES]
            least = int.from_bytes(word.ljust(WORD_BYTES, b"\0"))
            most = int.from_bytes(word.ljust(WORD_BYTES, b"\xff"))
            first = bisect_left(words, least, first, last)
            last = bisect_right(words, most, first, last)
            if first == last:
                break
        return max(0, first - 1) * STRIDE, min(last * STRIDE, self.length)

    def _checksum(self, start: int, size: int) -> int:
        check = 0
        for at in range(start, start + size, _PIECE):
            check = zlib.crc32(self._read(at, min(_PIECE, start + size - at)), check)
        return check

    def _read(self, start: int, size: int) -> bytes:
        return os.pread(self._handle, size, start)


class _Search:
    """The array as one search looks at it, some places at a time."""

    def __init__(self, segment: Segment, key: bytes) -> None:
        self._segment, self._length = segment, segment.length
        self._key, self._size, self._whole = key, len(key), int.from_bytes(key)
        self._first, self._places = 0, array("I")
        self._texts: dict[int, bytes] = {}

    def insertion(self) -> int:
        """The first rank whose text does not come before the key."""
        low, high = self._segment.narrowed(self._key)
        if high - low <= 2 * STRIDE:
            self._look(low - _BESIDE, high - low + 2 * _BESIDE)
        while low < high:
            middle = (low + high) // 2
            if self._text(middle) < self._key:
                low = middle + 1
            else:
                high = middle
        return low

    def agreeing(self, rank: int) -> int:
        """How many bytes agree at a rank; none where there is no such rank."""
        if not 0 <= rank < self._length:
            return 0
        there = self._texts.get(rank) or self._text(rank)
        if len(there) < self._size:
            return 0
        return self._size - ((int.from_bytes(there) ^ self._whole).bit_length() + 7 >> 3)

    def place(self, rank: int) -> int:
        """What the array says; nothing outside the text is believed."""
        if not 0 <= (index := rank - self._first) < len(self._places):
            self._look(rank - _BESIDE, 2 * _BESIDE)
            index = rank - self._first
        place = self._places[index]
        return place if place < self._length else 0

    def _text(self, rank: int) -> bytes:
        text = self._texts[rank] = self._segment.backwards(self.place(rank), self._size)
        return text

    def _look(self, first: int, count: int) -> None:
        self._first = max(0, first)
        self._places = self._segment.places(self._first, min(count, self._length - self._first))

"""An open segment: some files' text with its suffix array, on disk.

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
from pathlib import Path

from .layout import NUMBER_BYTES, STRIDE, WORD_BYTES, WORDS, BadIndex, Header, read_header, read_table

_PIECE = 1 << 20
_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


class Segment:
    """An open segment. A place in it is a number of bytes of text, backwards."""

    def __init__(self, path: Path) -> None:
        """Raises :class:`BadIndex`, or :class:`OSError` where the file cannot be read."""
        self.path = path
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

    def file_at(self, place: int) -> int:
        """The number of the file that a place is in."""
        return bisect_right(self.table.starts, self.length - place - 1) - 1

    def sound(self) -> bool:
        """Whether text and array are what was written. Reads the whole file, and keeps none of it."""
        header = self._header
        text = self._checksum(header.text_at, header.text)
        numbers = self._checksum(header.array_at, NUMBER_BYTES * header.text)
        return (text, numbers) == (header.text_check, header.array_check)

    def backwards(self, place: int, size: int) -> bytes:
        """``size`` bytes of the text backwards."""
        return _read_at(self._handle, size, self._text_at + place)

    def places(self, first: int, count: int) -> array[int]:
        """A part of the array."""
        size = NUMBER_BYTES * count
        data = _read_at(self._handle, size, self._array_at + NUMBER_BYTES * first)
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
        return _read_at(self._handle, size, start)


def _seek_and_read(handle: int, size: int, start: int) -> bytes:
    """For systems that cannot do both in one call; a segment belongs to one thread."""
    os.lseek(handle, start, os.SEEK_SET)
    return os.read(handle, size)


_read_at = getattr(os, "pread", _seek_and_read)

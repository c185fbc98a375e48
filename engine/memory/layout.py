"""The file of a segment: a header, the list of its files as JSON, signposts, the text, the array.

The text is kept backwards, with a zero byte ahead of each file, so that what stands *ahead* of a place is
what the array sorts by; some zero bytes follow. The array has a 32-bit number for each byte of text: where
the text backwards begins that comes next in order. Signposts are the first words of one in :data:`STRIDE` of
them: all first words, then all second ones, as numbers that have the text's order.
"""

from __future__ import annotations

import os
import struct
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from .limits import MATCH_BYTES, SEGMENT_BYTES, SEGMENT_FILES, TABLE_BYTES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

VERSION = 1
STRIDE = 64
WORDS, WORD_BYTES = 2, 8
NUMBER_BYTES = 4
_MAGIC = b"fimble index " + sys.byteorder[:1].encode()
_FIELDS = struct.Struct("<14sHIIIIII")
_CHECK = struct.Struct("<I")


class BadIndex(ValueError):
    """A file that is no index, or a damaged one; the message says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file as it was read: its path below the workspace's folder, when it was changed, and its size."""

    path: str
    mtime_ns: int
    size: int


class Table(msgspec.Struct):
    """The files in the order of the text, and where each begins in it, read forwards."""

    paths: list[str]
    starts: list[int]
    mtimes: list[int]
    sizes: list[int]

    def entry(self, number: int) -> Entry:
        return Entry(self.paths[number], self.mtimes[number], self.sizes[number])


@dataclass(frozen=True, slots=True)
class Header:
    """Bytes of the list and of the text, and the checksums of all parts."""

    table: int
    text: int
    table_check: int
    signposts_check: int
    text_check: int
    array_check: int

    SIZE = _FIELDS.size + _CHECK.size

    @property
    def signposts(self) -> int:
        """Bytes of the signposts."""
        return -(-self.text // STRIDE) * WORDS * WORD_BYTES

    @property
    def signposts_at(self) -> int:
        return self.SIZE + self.table

    @property
    def text_at(self) -> int:
        return self.signposts_at + self.signposts

    @property
    def array_at(self) -> int:
        return self.text_at + self.text + MATCH_BYTES

    @property
    def end(self) -> int:
        return self.array_at + NUMBER_BYTES * self.text

    def packed(self) -> bytes:
        fields = _FIELDS.pack(
            _MAGIC, VERSION, self.table, self.text,
            self.table_check, self.signposts_check, self.text_check, self.array_check,
        )  # fmt: skip
        return fields + _CHECK.pack(zlib.crc32(fields))


def read_header(data: bytes) -> Header:
    """Raises :class:`BadIndex`."""
    if len(data) < Header.SIZE:
        raise BadIndex("it is cut short")
    magic, version, *numbers = _FIELDS.unpack_from(data)
    if magic != _MAGIC or version != VERSION:
        raise BadIndex("it is no index of this version")
    if _CHECK.unpack_from(data, _FIELDS.size)[0] != zlib.crc32(data[: _FIELDS.size]):
        raise BadIndex("its beginning is damaged")
    header = Header(*numbers)
    if header.table > TABLE_BYTES or header.text > SEGMENT_BYTES:
        raise BadIndex("it is larger than an index can be")
    return header


def read_table(data: bytes, header: Header) -> Table:
    """Raises :class:`BadIndex`."""
    if len(data) != header.table or zlib.crc32(data) != header.table_check:
        raise BadIndex("its list of files is damaged")
    try:
        table = msgspec.json.decode(data, type=Table)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadIndex("its list of files cannot be read") from error
    files, starts = len(table.paths), table.starts
    if not 0 < files <= SEGMENT_FILES or {files} != {len(starts), len(table.mtimes), len(table.sizes)}:
        raise BadIndex("its list of files is not complete")
    if starts[0] != 0 or starts[-1] >= header.text or any(a >= b for a, b in pairwise(starts)):
        raise BadIndex("its files overlap")
    return table


def write_segment(path: Path, files: list[tuple[Entry, bytes]]) -> None:
    """Make a segment of files and their texts, which hold no zero byte and are together no longer than
    :data:`~.limits.SEGMENT_BYTES`. ``files`` is empty afterwards: its memory is needed. The segment is
    whole, or it is not there; raises :class:`OSError`."""
    from pydivsufsort import divsufsort  # brings numpy; only who builds needs it

    table, text = _joined(files)
    length, array = len(text), divsufsort(text)
    text += bytes(MATCH_BYTES)
    signposts = _signposts(text, array[::STRIDE])
    packed, numbers = msgspec.json.encode(table), memoryview(array).cast("B")
    checks = (zlib.crc32(part) for part in (packed, signposts, memoryview(text)[:length], numbers))
    header = Header(len(packed), length, *checks)
    with replacing(path) as handle:
        handle.writelines([header.packed(), packed, signposts, text, numbers])


def _signposts(text: bytearray, places: NDArray[np.int32]) -> bytes:
    """The first words at some places of a text that goes on behind the last of them."""
    import numpy as np

    letters, columns = np.frombuffer(text, np.uint8), list[bytes]()
    for word in range(WORDS):
        at = places[:, None] + np.arange(word * WORD_BYTES, (word + 1) * WORD_BYTES)
        columns.append(letters[at].view(">u8").astype(np.uint64).tobytes())
    return b"".join(columns)


def _joined(files: list[tuple[Entry, bytes]]) -> tuple[Table, bytearray]:
    """The list of files, and their text backwards."""
    table, text = Table([], [], [], []), bytearray()
    files.reverse()
    while files:
        entry, data = files.pop()
        table.paths.append(entry.path)
        table.mtimes.append(entry.mtime_ns)
        table.sizes.append(entry.size)
        table.starts.append(len(text))
        text += data
        text.append(0)
    text.reverse()
    return table, text


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write that takes the place of another, or of none, at once when all of it is on the disk.
    Nobody but the user can read it."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as handle:
            yield handle
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise

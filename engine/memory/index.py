"""The index of a workspace: a folder of segments, and a manifest that says which of them count.

To search one that is kept up to date by another process, hold an :class:`OpenIndexes` and ask it for the
folder each time; ``find`` and ``read`` are then a moment's work and wait for nothing but the disk::

    index = indexes.get(request.index)           # None: there is none (yet)
    index.find(tail, limit, skipped=request.path)
    index.paths(), index.read("src/main.py")     # what is remembered, as it was read
"""

from __future__ import annotations

import os
import re
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from operator import attrgetter
from pathlib import Path

import msgspec

from .layout import VERSION, BadIndex, replacing
from .limits import (
    LOOK_SECONDS,
    LOOKED_AT,
    MANIFEST_BYTES,
    MATCH_BYTES,
    OPEN_INDEXES,
    SEGMENTS,
)
from .occurrences import Occurrence
from .search import Search
from .segment import Segment

MANIFEST = "manifest"
_NAME = re.compile(r"[0-9a-f]{16}\.segment")
_DIGITS = 8
_MATCHED = attrgetter("matched")


class Part(msgspec.Struct):
    """A segment's file, and the numbers of those of its files that are out of date."""

    name: str
    dead: list[int] = []


class Manifest(msgspec.Struct):
    """What an index consists of. ``refused`` are files that were read and are not worth remembering, with the
    time of their last change and their size."""

    version: int
    workspace: str
    parts: list[Part] = []
    refused: dict[str, tuple[int, int]] = {}


def read_manifest(folder: Path) -> Manifest:
    """Raises :class:`BadIndex`, or :class:`OSError`: FileNotFoundError where there is no index."""
    with open(folder / MANIFEST, "rb") as handle:
        data = handle.read(MANIFEST_BYTES + 1)
    check, body = data[:_DIGITS], data[_DIGITS:]
    if len(data) > MANIFEST_BYTES or check != b"%08x" % zlib.crc32(body):
        raise BadIndex(f"the list of segments in {folder} is damaged")
    try:
        manifest = msgspec.json.decode(body, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadIndex(f"the list of segments in {folder} cannot be read") from error
    names = all(_NAME.fullmatch(part.name) for part in manifest.parts)
    if manifest.version != VERSION or not names or len(manifest.parts) > SEGMENTS:
        raise BadIndex(f"{folder} is no index of this version")
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """From now on the index is what ``manifest`` says; raises :class:`OSError`."""
    body = msgspec.json.encode(manifest)
    with replacing(folder / MANIFEST) as handle:
        handle.write(b"%08x" % zlib.crc32(body) + body)


class Index:
    """An index as it was when it was opened: its segments, and for each the numbers of files whose text is
    out of date."""

    def __init__(self, segments: dict[Segment, frozenset[int]]) -> None:
        self._segments = segments

    @classmethod
    def open(cls, folder: Path, before: Index | None = None) -> Index:
        """What ``before`` has open of it is taken from there. Raises :class:`BadIndex`, or
        :class:`OSError`."""
        known = {segment.path: segment for segment in before._segments} if before else {}
        parts = ((folder / part.name, part.dead) for part in read_manifest(folder).parts)
        return cls({known.get(path) or Segment(path): frozenset(dead) for path, dead in parts})

    def find(self, tail: bytes, limit: int, skipped: str = "") -> list[Occurrence]:
        """See :class:`~.occurrences.Occurrences`."""
        key = tail[-MATCH_BYTES:][::-1].partition(b"\0")[0]
        if not key:
            return []
        found = list[Occurrence]()
        with suppress(OSError):  # a disk that fails: what was found is found
            self._search(key, limit, skipped, found)
        return found

    def _search(self, key: bytes, limit: int, skipped: str, found: list[Occurrence]) -> None:
        searches = [search for each in self._segments if (search := Search(each, key)).matched]
        for _ in range(limit * LOOKED_AT):
            best = max(searches, key=_MATCHED, default=None)
            if best is None or not best.matched or len(found) >= limit:
                return
            matched, segment = best.matched, best.segment
            place, following = best.take()
            number = segment.file_at(place)
            path = segment.table.paths[number]
            if following and path != skipped and number not in self._segments[segment]:
                found.append(Occurrence(following, matched, path))

    def paths(self) -> list[str]:
        """The files that are remembered."""
        return list(self._places)

    def read(self, path: str) -> str | None:
        """A file's text as it was read, with ``\\n`` as line ends; None when it is not remembered."""
        if (place := self._places.get(path)) is None:
            return None
        segment, number = place
        return segment.text(number).decode("utf-8", "replace")

    @cached_property
    def _places(self) -> dict[str, tuple[Segment, int]]:
        return {
            segment.table.paths[number]: (segment, number)
            for segment, dead in self._segments.items()
            for number in range(len(segment))
            if number not in dead
        }


class OpenIndexes:
    """The indexes that a process searches, each opened again soon after it was renewed."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open: dict[str, _Opened] = {}

    def get(self, folder: str) -> Index | None:
        """The index in a folder; None when there is none that can be used."""
        if not folder:
            return None
        opened, now = self._open.pop(folder, None) or _Opened(), self._clock()
        if now - opened.looked_at >= LOOK_SECONDS:
            opened.look(Path(folder), now)
        self._open[folder] = opened
        if len(self._open) > OPEN_INDEXES:
            del self._open[next(iter(self._open))]
        return opened.index


class _Opened:
    def __init__(self) -> None:
        self.looked_at = float("-inf")
        self.index: Index | None = None
        self._changed: tuple[int, int, int] | None = None

    def look(self, folder: Path, now: float) -> None:
        self.looked_at = now
        try:
            there = os.stat(folder / MANIFEST)
            changed = there.st_mtime_ns, there.st_size, there.st_ino
            if changed != self._changed:
                before, self.index, self._changed = self.index, None, changed
                self.index = Index.open(folder, before)
        except (OSError, BadIndex):
            self.index = None  # who keeps it makes it anew

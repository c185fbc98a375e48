"""Bringing an index up to date: what did not change stays as it is, the rest goes into new segments."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from .files import Bounds, find_files
from .index import Manifest, Part, read_manifest, write_manifest
from .layout import VERSION, BadIndex, Entry, write_segment
from .limits import DISK_RESERVE_BYTES, SEGMENT_BYTES, SEGMENT_FILES, SMALL_SEGMENTS
from .reading import read_source
from .segment import Segment

OnProgress = Callable[[int, int], None]
"""Told how much of how many: files found of 0 while they are looked for, then bytes of text."""


class NoRoom(OSError):
    """The disk is too full for an index."""


@dataclass(frozen=True, slots=True)
class Report:
    """What came of it. ``left_out`` is a sentence about files that had no room, or empty."""

    files: int
    read: int
    left_out: str = ""


@dataclass
class _Plan:
    """``kept`` are parts that stay, with ``held`` files that count; ``wanted`` files have to be read."""

    kept: list[Part] = field(default_factory=list)
    held: int = 0
    wanted: list[Entry] = field(default_factory=list)
    refused: dict[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Before:
    """What there was: the index of the workspace ``root`` in ``folder``; None: there is none. With ``whole``
    it is read to see that it is not damaged."""

    folder: Path
    root: Path
    manifest: Manifest | None
    whole: bool


@dataclass
class _Sound:
    """A segment that is as it was written, and which of its files still are. ``forbidden``: it has the text
    of a file that is there, and may not be remembered any more."""

    part: Part
    segment: Segment
    alive: list[int]
    forbidden: bool

    @property
    def wasteful(self) -> bool:
        """Whether it had better be made anew."""
        return self.forbidden or 2 * sum(map(self.segment.size_of, self.alive)) < self.segment.length

    @property
    def small(self) -> bool:
        return 2 * self.segment.length < SEGMENT_BYTES


def update(
    folder: Path,
    root: Path,
    bounds: Bounds,
    told: OnProgress = lambda done, total: None,
    named: Path | None = None,
    whole: bool = True,
) -> Report:
    """Make the index in ``folder`` say what the workspace ``root`` says now. For one process at a time.

    ``named`` is the workspace as the user calls it. With ``whole``, what is kept is read to see that it is
    not damaged. Raises :class:`OSError` where the workspace cannot
    be read or the index not be written; then it is what it was, or part of what it should be.
    """
    found = find_files(root, bounds, lambda count: told(count, 0), named)
    old = _read(folder, root)
    plan = _plan(_Before(folder, root, old, whole), found.entries)
    read = 0
    if old is None or plan.wanted or (plan.kept, plan.refused) != (old.parts, old.refused):
        _see_room(folder, plan.wanted)
        read = _carry_out(folder, root, plan, told)
    _tidy(folder)
    return Report(plan.held + read, read, found.cut)


def _read(folder: Path, root: Path) -> Manifest | None:
    with suppress(OSError, BadIndex):
        manifest = read_manifest(folder)
        if manifest.workspace == str(root):
            return manifest
    return None


def _plan(before: _Before, entries: list[Entry]) -> _Plan:
    """Compare what is remembered with what is there."""
    missing = {entry.path: entry for entry in entries}
    old = before.manifest
    sound = list(_sound(before, missing)) if old else []
    small = [each for each in sound if each.small and not each.wasteful]
    made_anew = {each.part.name for each in (small if len(small) > SMALL_SEGMENTS else [])}
    plan = _Plan()
    for each in sound:
        if each.wasteful or each.part.name in made_anew:
            missing |= {(entry := each.segment.table.entry(number)).path: entry for number in each.alive}
            continue
        dead = sorted(set(range(len(each.segment))).difference(each.alive))
        plan.kept.append(Part(each.part.name, dead))
        plan.held += len(each.alive)
    refused = old.refused if old else {}
    for entry in entries:
        if entry.path in missing and refused.get(entry.path) == (known := (entry.mtime_ns, entry.size)):
            plan.refused[entry.path] = known
        elif entry.path in missing:
            plan.wanted.append(entry)
    return plan


def _sound(before: _Before, missing: dict[str, Entry]) -> Iterator[_Sound]:
    """The segments that are as they were written; what is up to date in them is taken from ``missing``."""
    there = set(missing)
    for part in before.manifest.parts if before.manifest else ():
        with suppress(OSError, BadIndex):
            segment = Segment(before.folder / part.name)
            if before.whole and not segment.sound():
                continue
            alive, left_out = list[int](), list[str]()
            for number in range(len(segment)):
                entry = segment.table.entry(number)
                if missing.get(entry.path) == entry:
                    del missing[entry.path]
                    alive.append(number)
                elif entry.path not in there:
                    left_out.append(entry.path)
            forbidden = any(os.path.lexists(before.root / path) for path in left_out)
            yield _Sound(part, segment, alive, forbidden)


def _see_room(folder: Path, wanted: list[Entry]) -> None:
    """Raises :class:`NoRoom` where a new index would fill the disk."""
    needed = 5 * sum(entry.size for entry in wanted) + DISK_RESERVE_BYTES
    if shutil.disk_usage(folder).free < needed:
        raise NoRoom(errno.ENOSPC, f"{needed >> 20:,} MB have to be free", str(folder))


def _carry_out(folder: Path, root: Path, plan: _Plan, told: OnProgress) -> int:
    """Read what is wanted and write it; each segment counts from the moment that it is there. Returns how
    many files were remembered."""
    manifest = Manifest(VERSION, str(root), plan.kept, plan.refused)
    read = 0
    for batch in _batches(root, plan, told):
        part = Part(f"{secrets.token_hex(8)}.segment")
        read += len(batch)
        write_segment(folder / part.name, batch)
        manifest.parts.append(part)
        write_manifest(folder, manifest)
    write_manifest(folder, manifest)
    return read


def _batches(root: Path, plan: _Plan, told: OnProgress) -> Iterator[list[tuple[Entry, bytes]]]:
    """The texts that are wanted, as many at a time as a segment holds."""
    batch, size, done = list[tuple[Entry, bytes]](), 0, 0
    total = sum(entry.size for entry in plan.wanted)
    told(0, total)
    for entry in plan.wanted:
        done += entry.size
        try:
            data = read_source(root / entry.path)
        except OSError:
            continue  # it went away, or may not be read: it is looked for again the next time
        if data is None:
            plan.refused[entry.path] = entry.mtime_ns, entry.size
            continue
        if batch and (size + len(data) + 1 > SEGMENT_BYTES or len(batch) == SEGMENT_FILES):
            told(done, total)
            yield batch
            batch, size = [], 0
        batch.append((entry, data))
        size += len(data) + 1
    if batch:
        told(done, total)
        yield batch


def _tidy(folder: Path) -> None:
    """Remove what no longer counts. Who searches it has it open still."""
    with suppress(OSError, BadIndex):
        kept = {part.name for part in read_manifest(folder).parts}
        for file in folder.iterdir():
            if file.suffix in (".segment", ".part") and file.name not in kept:
                with suppress(OSError):
                    file.unlink()

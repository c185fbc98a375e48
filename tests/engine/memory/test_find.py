"""Searching an index: the longest matches of all segments, and nothing from files that do not count."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from fimble.engine.limits import FOLLOWING_BYTES
from fimble.engine.memory.index import Index, Manifest, Part, write_manifest
from fimble.engine.memory.layout import VERSION, Entry, write_segment
from fimble.engine.memory.limits import MATCH_BYTES

TEXTS = st.text("ab \né", min_size=1, max_size=60)


def made(folder: Path, *segments: dict[str, str], dead: dict[int, list[int]] | None = None) -> Index:
    """An index of these segments, each of files by path."""
    parts = []
    for number, files in enumerate(segments):
        name = f"{number:016x}.segment"
        write_segment(folder / name, [(Entry(p, 0, len(t)), t.encode()) for p, t in files.items()])
        parts.append(Part(name, (dead or {}).get(number, [])))
    write_manifest(folder, Manifest(VERSION, "/somewhere", parts))
    return Index.open(folder)


def places(files: dict[str, str], tail: bytes) -> list[tuple[int, str, bytes]]:
    """Where the end of ``tail`` occurs, found by looking everywhere: length, path, what follows."""
    found = []
    for path, text in files.items():
        data = text.encode()
        for at in range(1, len(data)):
            matched = next((n for n in range(min(at, len(tail)), 0, -1) if data[:at].endswith(tail[-n:])), 0)
            if matched:
                found.append((matched, path, data[at : at + FOLLOWING_BYTES]))
    return sorted(found, key=lambda each: -each[0])


@settings(deadline=None)
@given(st.lists(TEXTS, min_size=2, max_size=5), TEXTS, st.integers(1, 12))
def test_the_longest_matches_are_found(texts: list[str], tail: str, limit: int) -> None:
    files = {f"{number}.py": text for number, text in enumerate(texts)}
    wanted = tail.encode()[-MATCH_BYTES:]
    with TemporaryDirectory() as folder, patch.object(os, "fsync"):
        first, *others = files.items()
        index = made(Path(folder), dict([first]), dict(others))
        found = index.find(wanted, limit)
    expected = places(files, wanted)
    assert [each.matched for each in found] == [matched for matched, *_ in expected][: len(found)]
    assert len(found) == min(limit, len(expected))
    assert {(each.matched, each.path, each.text) for each in found} <= set(expected)


def test_long_texts_are_searched_as_short_ones(tmp_path: Path) -> None:
    text = "".join(f"def name{number}(value):\n        return value + {number}\n" for number in range(3000))
    index = made(tmp_path, {"long.py": text})
    (found,) = index.find(b"return 7\n\ndef name2345(value):\n        return value + ", 1)
    assert found.text.startswith(b"2345\ndef name2346(value):\n")
    assert found.matched == len(b"\ndef name2345(value):\n        return value + ")
    assert len(index.find(b"        return value + ", 40)) == 40


def test_what_does_not_count_is_passed_over(tmp_path: Path) -> None:
    index = made(
        tmp_path,
        {"old.py": "alpha beta one", "open.py": "alpha beta two"},
        {"new.py": "beta three"},
        dead={0: [0]},
    )
    assert [each.path for each in index.find(b"alpha beta ", 9, skipped="open.py")] == ["new.py"]
    assert sorted(index.paths()) == ["new.py", "open.py"]
    assert index.read("old.py") is None
    assert index.read("open.py") == "alpha beta two"


def test_a_match_and_what_follows_end_with_the_file(tmp_path: Path) -> None:
    index = made(tmp_path, {"a.py": "one two", "b.py": "two three"})
    (found, *_) = index.find(b"one two", 1)
    assert (found.path, found.text, found.matched) == ("b.py", b" three", 3)
    assert index.find(b"", 4) == index.find(b"zero\0", 4) == []


def test_what_follows_is_bounded(tmp_path: Path) -> None:
    index = made(tmp_path, {"a.py": "x = " + "y" * 500})
    assert index.find(b"x = ", 1)[0].text == b"y" * FOLLOWING_BYTES


def test_a_segment_gives_back_its_texts(tmp_path: Path) -> None:
    files = {"a.py": "é = 1\n", "dir/b.py": "b"}
    segment = next(iter(made(tmp_path, files)._segments))
    assert [segment.text(n).decode() for n in range(len(segment))] == list(files.values())
    assert segment.sound()

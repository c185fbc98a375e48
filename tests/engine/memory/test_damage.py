"""Damaged, foreign and half-written indexes: told apart, made anew, and never a crash."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fimble.engine.limits import FOLLOWING_BYTES
from fimble.engine.memory import segment as segment_module
from fimble.engine.memory.files import Bounds
from fimble.engine.memory.index import MANIFEST, Index, read_manifest
from fimble.engine.memory.layout import BadIndex, Header
from fimble.engine.memory.limits import MATCH_BYTES
from fimble.engine.memory.segment import Segment
from fimble.engine.memory.update import update

TEXT = "".join(f"def name_{number}(value):\n    return value * {number}\n" for number in range(40))
TAILS = [b"def name_", b"return value * 1", b"    return", b"\n", b"z", b"x" * 200]
BOUNDS = Bounds(10, 1 << 20)


def made(folder: Path) -> Path:
    """A workspace's index; returns its segment."""
    work = folder / "work"
    work.mkdir()
    (folder / "index").mkdir()
    (work / "a.py").write_text(TEXT)
    (work / "b.py").write_text("import a\n\nprint(a.name_7(3))\n")
    update(folder / "index", work, BOUNDS)
    (segment,) = (folder / "index").glob("*.segment")
    return segment


def search(segment: Segment) -> None:
    """Nothing but bounded results, from this segment's own files."""
    for tail in TAILS:
        for each in Index({segment: frozenset()}).find(tail, 50):
            assert len(each.text) <= FOLLOWING_BYTES
            assert 0 < each.matched <= MATCH_BYTES
            assert each.path in ("a.py", "b.py")
    for number in range(len(segment)):
        assert len(segment.text(number)) <= segment.length


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_damage_goes_unseen_or_does_harm(data: st.DataObject) -> None:
    with TemporaryDirectory() as folder, patch.object(os, "fsync"):
        path = made(Path(folder))
        whole = path.read_bytes()
        at, bits = data.draw(st.integers(0, len(whole) - 1)), data.draw(st.integers(1, 255))
        damaged = bytearray(whole)
        damaged[at] ^= bits
        end = data.draw(st.sampled_from([len(whole), len(whole), at, at + 1, len(whole) + 9]))
        path.write_bytes((bytes(damaged) + bytes(9))[:end])
        try:
            segment = Segment(path)
        except BadIndex:
            pass
        else:
            assert not segment.sound() or at in padding(path)
            search(segment)
        update(Path(folder) / "index", Path(folder) / "work", BOUNDS)
        assert Index.open(Path(folder) / "index").read("a.py") == TEXT


def padding(path: Path) -> range:
    """The zero bytes behind the text, which nothing is read from."""
    header = Segment(path)._header
    return range(header.text_at + header.text, header.array_at)


def test_a_file_that_is_cut_short_while_it_is_open(tmp_path: Path) -> None:
    path = made(tmp_path)
    segment = Segment(path)
    for size in (path.stat().st_size - 100, path.stat().st_size // 2, Header.SIZE, 0):
        os.truncate(path, size)
        search(segment)


def test_systems_without_pread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segment_module, "_read_at", segment_module._seek_and_read)
    index = Index.open(made(tmp_path).parent)
    assert index.find(b"print(a.", 1)[0].text == b"name_7(3))\n"
    assert index.read("a.py") == TEXT


@pytest.mark.parametrize("text", [b"", b"fimble", b"00000000{}", b"\xff" * 5000])
def test_a_list_of_segments_that_is_none(tmp_path: Path, text: bytes) -> None:
    folder = made(tmp_path).parent
    (folder / MANIFEST).write_bytes(text)
    with pytest.raises(BadIndex):
        read_manifest(folder)
    update(folder, tmp_path / "work", BOUNDS)
    assert Index.open(folder).read("a.py") == TEXT
    assert len(list(folder.glob("*.segment"))) == 1, "what nobody names any more is removed"


def test_a_segment_that_is_missing_or_anothers(tmp_path: Path) -> None:
    path = made(tmp_path)
    path.unlink()
    with pytest.raises(FileNotFoundError):
        Index.open(path.parent)
    update(path.parent, tmp_path / "work", BOUNDS)
    assert Index.open(path.parent).read("a.py") == TEXT


@pytest.mark.skipif(not hasattr(os, "chown") or os.geteuid() != 0, reason="only root gives files away")
def test_what_belongs_to_another_user_is_not_believed(tmp_path: Path) -> None:
    path = made(tmp_path)
    os.chown(path, 12345, -1)
    with pytest.raises(BadIndex, match="another user"):
        Segment(path)

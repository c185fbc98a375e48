"""An index says what the workspace says, whatever changed, and only what changed is read again."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fimble.engine.memory import update as module
from fimble.engine.memory.files import Bounds
from fimble.engine.memory.index import Index, OpenIndexes, read_manifest
from fimble.engine.memory.limits import SMALL_SEGMENTS
from fimble.engine.memory.reading import read_source
from fimble.engine.memory.update import NoRoom, update

BOUNDS = Bounds(1_000, 1 << 20)
NAMES = [f"{folder}{name}.py" for folder in ("", "sub/") for name in "abcd"]
TEXTS = st.text("xy\n", min_size=1, max_size=40)


class Workspace:
    """Files on a disk whose clock moves with every write."""

    def __init__(self, root: Path) -> None:
        self.root, self.folder, self.now = root / "work", root / "index", 0
        self.root.mkdir()
        self.folder.mkdir()

    def write(self, **files: str) -> None:
        for name, text in files.items():
            self.put(f"{name}.py", text)

    def put(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        self.now += 1
        os.utime(file, ns=(self.now, self.now))

    def update(self, bounds: Bounds = BOUNDS) -> int:
        """Returns how many files were read."""
        return update(self.folder, self.root, bounds).read

    @property
    def index(self) -> Index:
        return Index.open(self.folder)

    @property
    def held(self) -> dict[str, str | None]:
        return {path: self.index.read(path) for path in sorted(self.index.paths())}


@pytest.fixture
def work(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def test_only_what_changed_is_read(work: Workspace) -> None:
    work.write(a="one = 1\n" * 9, b="two = 2\n", c="three = 3\n")
    assert work.update() == 3
    assert work.update() == 0
    work.write(b="two = 22\n", d="four = 4\n")
    (work.root / "c.py").unlink()
    assert work.update() == 2
    assert work.held == {"a.py": "one = 1\n" * 9, "b.py": "two = 22\n", "d.py": "four = 4\n"}
    assert work.index.find(b"two = ", 1)[0].text == b"22\n"


def test_what_is_not_worth_it_is_read_once(work: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    work.write(a="x = 1\n", made="# @generated\n")
    work.update()
    asked: list[str] = []

    def noted(path: Path) -> bytes | None:
        asked.append(path.name)
        return read_source(path)

    monkeypatch.setattr(module, "read_source", noted)
    work.update()
    assert asked == []
    work.write(made="y = 2\n")
    work.update()
    assert asked == ["made.py"]
    assert "made.py" in work.held


def test_the_text_of_a_file_that_became_private_is_gone_from_the_disk(work: Workspace) -> None:
    work.write(a="one = 1\n" * 50, mine="hunter = 2\n")
    work.update()
    assert any(b"2 = retnuh" in file.read_bytes() for file in work.folder.iterdir())
    (work.root / ".fimbleignore").write_text("mine.py\n")
    work.update()
    assert list(work.held) == ["a.py"]
    assert not any(b"2 = retnuh" in file.read_bytes() for file in work.folder.iterdir())


def test_small_segments_become_one(work: Workspace) -> None:
    work.write(**{f"m{number}": "x = 1\n" * 50 for number in range(20)})
    work.update()
    for turn in range(12):
        work.write(**{f"m{turn}": f"x = {turn}\n" * 50})
        work.update()
        assert len(work.index._segments) <= SMALL_SEGMENTS + 1
    assert work.held["m11.py"] == "x = 11\n" * 50


def test_texts_are_parted_into_segments(work: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SEGMENT_BYTES", 100)
    work.write(**{f"m{number}": f"value_{number} = 1\n" * 3 for number in range(9)})
    told: list[tuple[int, int]] = []
    update(work.folder, work.root, BOUNDS, lambda done, total: told.append((done, total)))
    assert len(work.index._segments) == 5
    assert told[0] == (0, told[-1][1])
    assert told == sorted(told)
    assert {each.path for each in work.index.find(b" = 1\nvalue_", 30)} == {f"m{n}.py" for n in range(9)}


STEPS = st.dictionaries(st.sampled_from(NAMES), TEXTS | st.none(), min_size=1)


@settings(max_examples=25, deadline=None)
@given(st.lists(STEPS, min_size=1, max_size=6))
def test_after_any_changes_it_says_what_the_files_say(steps: list[dict[str, str | None]]) -> None:
    with TemporaryDirectory() as folder, patch.object(os, "fsync"):
        work, files = Workspace(Path(folder)), dict[str, str]()
        for step in steps:
            for path, text in step.items():
                if text is not None:
                    work.put(path, text)
                    files[path] = text
                elif files.pop(path, None) is not None:
                    (work.root / path).unlink()
            work.update()
            assert work.held == files
            kept = {part.name for part in read_manifest(work.folder).parts}
            assert {file.name for file in work.folder.glob("*.segment")} == kept


def test_a_full_disk_leaves_what_there_was(work: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    work.write(a="one = 1\n")
    work.update()

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    work.write(b="two = 2\n")
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            work.update()
    assert work.held == {"a.py": "one = 1\n"}
    assert list(work.folder.glob("*.part")) == []
    work.update()
    assert list(work.held) == ["a.py", "b.py"]


def test_a_disk_that_would_be_full_is_left_alone(work: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DISK_RESERVE_BYTES", 1 << 60)
    work.write(a="one = 1\n")
    with pytest.raises(NoRoom, match="MB have to be free"):
        work.update()
    assert list(work.folder.iterdir()) == []


def test_a_workspace_that_is_gone_is_said(work: Workspace) -> None:
    work.write(a="one = 1\n")
    work.update()
    rmtree(work.root)
    with pytest.raises(FileNotFoundError):
        work.update()
    assert list(work.held) == ["a.py"]


def test_the_index_of_another_workspace_is_not_taken(work: Workspace, tmp_path: Path) -> None:
    work.write(a="one = 1\n")
    work.update()
    other = tmp_path / "other"
    other.mkdir()
    (other / "b.py").write_text("two = 2\n")
    update(work.folder, other, BOUNDS)
    assert list(work.held) == ["b.py"]


def test_who_has_it_open_sees_the_new_one_soon_and_the_old_one_until_then(work: Workspace) -> None:
    now = [0.0]
    indexes = OpenIndexes(lambda: now[0])
    assert indexes.get("") is None
    assert indexes.get(str(work.folder)) is None
    work.write(a="one = 1\n", b="x = 2\n" * 50)
    work.update()
    assert indexes.get(str(work.folder)) is None
    now[0] += 10
    first = indexes.get(str(work.folder))
    assert first is not None
    work.write(a="one = 11\n")
    work.update()
    assert indexes.get(str(work.folder)) is first
    assert first.find(b"one = ", 1)[0].text == b"1\n"
    now[0] += 10
    (kept,) = first._segments
    second = indexes.get(str(work.folder))
    assert second is not None
    assert second.find(b"one = ", 1)[0].text == b"11\n"
    assert kept in second._segments, "what did not change is not opened again"
    (work.folder / "manifest").unlink()
    now[0] += 10
    assert indexes.get(str(work.folder)) is None

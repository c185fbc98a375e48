"""Closed files are read within bounds, and private ones never."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fimble.engine.context.files import HeldFiles, WorkspaceFiles
from fimble.engine.context.limits import FILE_CHARACTERS, FILES_READ
from fimble.engine.privacy.rules import IGNORE_FILE, PrivacyRules
from fimble.engine.types import Snippet


def workspace(folder: Path, *held: Snippet) -> WorkspaceFiles:
    return WorkspaceFiles(folder, PrivacyRules(), HeldFiles(held))


def test_what_is_open_counts_before_what_is_on_disk(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"\xef\xbb\xbfdisk\r\n")
    assert workspace(tmp_path).text("a.py") == "disk\n"
    assert workspace(tmp_path, Snippet("a.py", "open\n")).text("a.py") == "open\n"


def test_names_are_sorted_and_joined_with_what_is_open(tmp_path: Path) -> None:
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "b.py").touch()
    assert workspace(tmp_path, Snippet("f/a.py", "")).names("f") == ["f/a.py", "f/b.py"]
    assert workspace(tmp_path).names("none") == []


def test_private_and_ignored_files_are_never_read(tmp_path: Path) -> None:
    (tmp_path / IGNORE_FILE).write_text("hidden/\n")
    (tmp_path / "hidden").mkdir()
    for name in ("hidden/a.py", ".env", "b.py"):
        (tmp_path / name).write_text("marker\n")
    files = workspace(tmp_path)
    assert [files.text(name) for name in ("hidden/a.py", ".env", "b.py")] == [None, None, "marker\n"]


def test_nothing_outside_of_the_folder(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "secretly.py").write_text("outside\n")
    (inside / "link.py").symlink_to(tmp_path / "secretly.py")
    files = workspace(inside)
    for path in ("../secretly.py", "link.py", str(tmp_path / "secretly.py")):
        assert files.text(path) is None


def test_only_regular_files_of_text(tmp_path: Path) -> None:
    (tmp_path / "binary.py").write_bytes(b"a\0b")
    (tmp_path / "folder.py").mkdir()
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "loop.py").symlink_to("loop.py")
    files = workspace(tmp_path)
    for name in ("binary.py", "folder.py", "pipe.py", "loop.py", "missing.py", "a\0b"):
        assert files.text(name) is None


def test_bounded(tmp_path: Path) -> None:
    for number in range(FILES_READ + 5):
        (tmp_path / f"{number}.py").write_text("x" * (FILE_CHARACTERS + 1))
    files = workspace(tmp_path)
    texts = [text for n in range(FILES_READ + 5) if (text := files.text(f"{n}.py")) is not None]
    assert len(texts) == FILES_READ
    assert {len(text) for text in texts} == {FILE_CHARACTERS}


def test_nothing_is_read_when_the_time_is_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.py").write_text("x\n")
    monkeypatch.setattr("fimble.engine.context.files.CHOICE_SECONDS", -1.0)
    files = workspace(tmp_path, Snippet("b.py", "open\n"))
    assert (files.text("a.py"), files.text("b.py"), files.names("")) == (None, "open\n", ["b.py"])

"""Indexes are not kept for ever."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fimble.engine.memory import folders
from fimble.engine.memory.folders import folder_of, note_use, prepare, remove_old
from fimble.engine.memory.index import Manifest, write_manifest
from fimble.engine.memory.layout import VERSION

DAY = 86_400.0


def made(root: Path, workspace: Path, used: float, size: int = 10) -> Path:
    """The index of a workspace, used so many seconds after the epoch."""
    folder = folder_of(workspace, root)
    prepare(folder)
    write_manifest(folder, Manifest(VERSION, str(workspace)))
    (folder / "x.segment").write_bytes(bytes(size))
    note_use(folder)
    for each in (folder / folders.USED, folder):
        os.utime(each, (used, used))
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("own", "new", "old"):
        (tmp_path / name).mkdir()
    return tmp_path / "indexes"


def test_what_is_old_or_whose_workspace_is_gone_is_removed(root: Path) -> None:
    own = made(root, root.parent / "own", 0)
    new = made(root, root.parent / "new", 50 * DAY)
    made(root, root.parent / "old", 30 * DAY)
    made(root, root.parent / "gone", 99 * DAY)
    foreign = root / "damaged"
    foreign.mkdir()
    (foreign / "manifest").write_text("?")
    remove_old(root, own, now=100 * DAY)
    assert set(root.iterdir()) == {own, new}


def test_all_together_have_a_bound(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = made(root, root.parent / "own", 0, 1_000)
    new = made(root, root.parent / "new", 20 * DAY, 1_000)
    made(root, root.parent / "old", 10 * DAY, 1_000)
    monkeypatch.setattr(folders, "KEPT_BYTES", 2_500)
    remove_old(root, own, now=30 * DAY)
    assert set(root.iterdir()) == {own, new}


def test_another_users_folder_is_refused(root: Path) -> None:
    prepare(root / "mine")
    assert (root / "mine").stat().st_mode & 0o777 == 0o700
    (root / "link").symlink_to(root.parent)
    with pytest.raises(OSError, match="no folder, but a link"):
        prepare(root / "link")

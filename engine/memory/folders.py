"""Where indexes are kept: one folder for each workspace, for nobody but the user, and not for ever."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from platformdirs import user_cache_path

from ..shared.folder import make_private
from .index import read_manifest
from .layout import BadIndex
from .limits import KEPT_BYTES, KEPT_DAYS

USED = "used"
"""A file that says by the time of its last change when the index was used."""


def index_root() -> Path:
    """The folder of all indexes."""
    return user_cache_path("fimble") / "index"


def held(root: Path | None = None) -> tuple[int, int, Path]:
    """How many workspaces have an index, how many bytes they take, and where."""
    root = root or index_root()
    with suppress(OSError):
        folders = [folder for folder in root.iterdir() if folder.is_dir() and not folder.is_symlink()]
        return len(folders), sum(map(_size, folders)), root
    return 0, 0, root


def folder_of(workspace: Path, root: Path) -> Path:
    """The folder for a workspace's index below ``root``; ``workspace`` leads through no link."""
    return root / hashlib.sha256(os.fsencode(workspace)).hexdigest()[:32]


def prepare(folder: Path) -> None:
    """Make an index's folder, for this user alone. Raises :class:`OSError`."""
    make_private(folder.parent)
    make_private(folder)


def note_use(folder: Path) -> None:
    """Keep an index for some weeks more."""
    with suppress(OSError):
        (folder / USED).touch(mode=0o600)


def remove_old(root: Path, kept: Path, now: float | None = None) -> None:
    """Remove indexes of workspaces that are gone or were not used for long, and what is too much.

    This asks the disks of other workspaces, which may not answer.
    """
    now = time.time() if now is None else now
    room = KEPT_BYTES - _size(kept)
    for used, folder in sorted(_others(root, kept), reverse=True):
        room -= (size := _size(folder))
        if room < 0 or now - used > KEPT_DAYS * 86_400 or not _is_there(folder):
            room += size
            shutil.rmtree(folder, ignore_errors=True)


def _others(root: Path, kept: Path) -> Iterable[tuple[float, Path]]:
    with suppress(OSError):
        for folder in root.iterdir():
            if folder != kept and folder.is_dir() and not folder.is_symlink():
                with suppress(OSError):
                    yield max(each.lstat().st_mtime for each in (folder, *folder.glob(USED))), folder


def _size(folder: Path) -> int:
    with suppress(OSError):
        return sum(file.lstat().st_size for file in folder.iterdir())
    return 0


def _is_there(folder: Path) -> bool:
    """Whether the workspace of an index still exists; a folder without one may be about to have it."""
    try:
        return os.path.isdir(read_manifest(folder).workspace)
    except FileNotFoundError:
        return True
    except (OSError, BadIndex):
        return False

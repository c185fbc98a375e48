"""Disks of their own, for tests that fill them or let nobody write to them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.e2e.server.conftest import missing


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 kB, for what only root may mount."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if mount("-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)):
        missing("a disk cannot be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def make_read_only(disk: Path) -> None:
    """From now on not even root may write there."""
    assert mount("-o", "remount,ro", str(disk)) == 0


def fill(path: Path) -> None:
    """Write until there is no more space."""
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)
    assert os.statvfs(path).f_bavail == 0


def mount(*arguments: str) -> int:
    """The exit status of the program of this name."""
    return subprocess.run(["mount", *arguments], capture_output=True).returncode

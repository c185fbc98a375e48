"""Other projects' clients, as they are published: each lies packed in a folder beside the repository."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CLIENTS = Path(os.environ.get("FIMBLE_CLIENTS") or ROOT.parent / "shared" / "data" / "clients")


def client(name: str, into: Path) -> Path:
    """Unpack a client below a folder; returns where it is. Without it the test is skipped."""
    packed = CLIENTS / f"{name}.tar.gz"
    if not packed.exists():
        pytest.skip(f"{packed} is not there; FIMBLE_CLIENTS names the folder of clients")
    into.mkdir(parents=True, exist_ok=True)
    with tarfile.open(packed) as archive:
        archive.extractall(into, filter="data")
    return into / name

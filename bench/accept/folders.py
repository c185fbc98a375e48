"""Folders of a run's own."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def own_folders() -> Iterator[Path]:
    """For the projects' files, and for what servers keep on disk: nothing is known from an earlier run."""
    kept = {name: os.environ.get(name) for name in ("XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME")}
    with tempfile.TemporaryDirectory(prefix="fimble-accept-") as made:
        os.environ.update({name: str(Path(made, name.lower())) for name in kept})
        try:
            yield Path(made)
        finally:
            for name, value in kept.items():
                os.environ.pop(name)
                if value is not None:
                    os.environ[name] = value

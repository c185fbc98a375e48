"""Builds fimble's wheel into dist/, so that the extension installs the server that it was packed with.

``npm run package`` calls this. Without it the extension would have to ask an index for the name ``fimble``,
and whoever owns that name there would choose what runs.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

EXTENSION = Path(__file__).parents[1]
ROOT = EXTENSION.parents[1]
PARTS = ("engine", "lsp", "server", "cli", "pyproject.toml", "README.md", "LICENSE")
"""What the wheel is built from."""


def build(target: Path) -> Path:
    """Leave this working tree's wheel in ``target``, alone. Raises CalledProcessError if pip fails."""
    target.mkdir(exist_ok=True)
    for old in target.glob("fimble-*.whl"):
        old.unlink()
    with tempfile.TemporaryDirectory() as folder:  # a copy, since building leaves folders in the source
        source = _copy(Path(folder))
        pip = [sys.executable, "-I", "-m", "pip", "wheel", "--quiet", "--no-deps"]
        subprocess.run([*pip, "--wheel-dir", str(target), str(source)], cwd=folder, check=True)
    (wheel,) = target.glob("fimble-*.whl")
    return wheel


def _copy(folder: Path) -> Path:
    source = folder / "source"
    source.mkdir()
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, source / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / part, source / part)
    return source


if __name__ == "__main__":
    build(EXTENSION / "dist")

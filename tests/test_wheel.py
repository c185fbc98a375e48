"""What is installed is what was tested: the wheel holds every part, nothing else, and works by itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("engine", "lsp", "server", "cli")
NEEDED = (
    "fimble/engine/models/bundled/fimble.gguf",
    "fimble/engine/models/catalogue.toml",
    "fimble/server/playground/static/index.html",
    "fimble/server/playground/static/page.js",
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, since building writes into the tree."""
    folder = tmp_path_factory.mktemp("wheel")
    copy = folder / "source"
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in tracked.stdout.split("\0"):
        if name.startswith((*(f"{room}/" for room in ROOMS), "pyproject", "README", "LICENSE")):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(copy)]
    subprocess.run(command, capture_output=True, check=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_every_module_the_model_and_the_page(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    modules = {f"fimble/{p.relative_to(ROOT)}" for room in ROOMS for p in (ROOT / room).rglob("*.py")}
    assert modules <= names
    assert set(NEEDED) <= names
    assert not {name for name in names if name.startswith(("tests", "training", "bench", "fimble/tests"))}


def test_an_installed_wheel_works_by_itself(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "FIMBLE_CONFIG": os.devnull}
    command = [sys.executable, "-P", "-m", "fimble.cli.main", "doctor", "--json"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    checks = {each["name"]: each for each in json.loads(done.stdout)["checks"]}
    assert checks["self-test"]["result"] == "ok"
    assert str(tmp_path / "site") in checks["model"]["detail"]

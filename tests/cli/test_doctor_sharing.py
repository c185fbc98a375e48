"""``fimble doctor`` examines the engine that an editor would use, which is the shared one by default."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fimble.cli.commands import app

from ..e2e.faults.processes import SERVICE, running, runtime_folder


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    monkeypatch.setenv("FIMBLE_CONFIG", str(tmp_path / "none.toml"))
    monkeypatch.delenv("FIMBLE_ENGINE", raising=False)
    with runtime_folder() as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
        yield folder


def engine_check(*flags: str) -> dict[str, str]:
    done = CliRunner().invoke(app, ["doctor", "--json", *flags])
    assert done.exit_code == 0, done.output
    checks: list[dict[str, str]] = json.loads(done.stdout)["checks"]
    return next(check for check in checks if check["name"] == "engine")


def test_the_shared_engine_is_asked(runtime: Path) -> None:
    check = engine_check()
    assert (check["result"], check["detail"]) == ("ok", "shared by all editors")
    assert len(running(SERVICE, runtime)) == 1


def test_an_unusable_runtime_folder_is_told(runtime: Path) -> None:
    (runtime / "fimble").symlink_to("/nowhere")
    check = engine_check()
    assert check["result"] == "warning"
    assert "a link or a file. Remove it." in check["detail"]
    assert "`local`" in check["advice"]


def test_a_local_engine_starts_no_service(runtime: Path) -> None:
    assert engine_check("--engine", "local")["detail"] == "local"
    assert not running(SERVICE, runtime)

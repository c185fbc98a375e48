"""``fimble keys list`` in a narrow terminal."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from fimble.cli.commands import app


def test_nothing_is_cut_in_a_terminal_of_80_columns(tmp_path: Path) -> None:
    database = ["--database", f"sqlite:///{tmp_path / 'keys.db'}"]
    name = "a-very-long-name-of-a-build-machine-in-a-far-country"
    made = CliRunner().invoke(
        app, ["keys", "create", name, "--rpm", "9", "--daily-tokens", "1000", *database]
    )
    assert made.exit_code == 0
    shown = CliRunner().invoke(app, ["keys", "list", *database], env={"COLUMNS": "80"}).output
    assert "…" not in shown
    assert {"id", "name", "state", "may", "limits", "expires", "never", "active"} <= set(shown.split())

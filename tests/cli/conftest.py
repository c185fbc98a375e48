"""What tests of commands share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FIMBLE_CONFIG", str(tmp_path / "none.toml"))
    monkeypatch.setenv("FIMBLE_ENGINE", "local")
    monkeypatch.setenv("FIMBLE_MODEL", "fake")
    monkeypatch.setenv("FIMBLE_ISOLATION", "thread")
    monkeypatch.setenv("FIMBLE_FAKE", '{"answer": "b, c"}')

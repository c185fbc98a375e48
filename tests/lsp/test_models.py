"""``fimble.models``: what an editor's picker offers."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fimble.engine.engine import Engine
from fimble.engine.models import store
from fimble.engine.models.catalogue import bundled_path, source_of

from .conftest import Start
from .editor import Editor


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIMBLE_MODELS", str(tmp_path / "models"))


async def test_the_catalogue_and_what_is_here_are_offered(start: Start) -> None:
    path = store.place(source_of("mellum-4b"))
    path.parent.mkdir(parents=True)
    shutil.copy(bundled_path(), path)
    editor = await start()
    found = await editor.command("fimble.models")
    assert found["models"]
    assert found["selectable"] == ["bundled", "mellum-4b"]
    offered = {each["name"]: each for each in found["offered"]}
    assert offered["mellum-4b"]["here"]
    assert not offered["qwen2.5-coder-7b"]["here"]
    assert offered["qwen2.5-coder-7b"]["detail"].startswith("8.1 GB, Apache-2.0, ")


async def test_a_model_that_is_missing_is_told_with_what_to_choose_instead(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Editor, "_make_engine", lambda self, settings, on_state: Engine(settings, on_state))
    editor = await start()
    found = await editor.command("fimble.model", {"name": "mellum-4b"})
    assert "fimble models pull mellum-4b" in found["error"]
    assert found["selectable"] == ["bundled"]

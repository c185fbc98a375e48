"""Several models in an editor: rules choose among them, and so does the user."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fimble.engine.engine import Engine

from .conftest import Start
from .editor import ANSWER, Editor, Scripted

U, RUST = "file:///w/a.py", "file:///w/a.rs"
OPTIONS: dict[str, Any] = {
    "isolation": "thread",
    "model": "small",
    "models": {"small": {"model": "fake"}, "large": {"model": "fake", "windowTokens": 512}},
    "rules": [{"model": "large", "trigger": "by hand"}, {"model": "large", "languages": ["rust"]}],
}


@pytest.fixture(autouse=True)
def fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The default model is scripted; the large one says something else."""
    monkeypatch.setenv("FIMBLE_FAKE", json.dumps({"models": {"large": {"answer": "by_large()"}}}))


async def opened(start: Start, options: dict[str, Any] = OPTIONS) -> Editor:
    editor = await start(Scripted(), {**options, "prefetch": False, "candidates": 1})
    editor.open(U, "x = \n")
    editor.open(RUST, "let x = \n", "rust")
    return editor


async def test_who_asks_by_hand_gets_the_model_for_it(start: Start) -> None:
    editor = await opened(start)
    assert await editor.texts(U, (0, 4)) == [ANSWER]
    assert await editor.texts(U, (0, 4), invoked=True) == ["by_large()"]
    assert await editor.texts(RUST, (0, 8)) == ["by_large()"]
    assert [each.language for each in editor.backend.asked] == ["python"]
    assert editor.shown() == []


async def test_the_status_tells_who_answered(start: Start) -> None:
    editor = await opened(start)
    await editor.texts(U, (0, 4), invoked=True)
    await editor.until(lambda: editor.statuses()[-1]["model"] == "large")
    editor.change(U, ((0, 4), (0, 4), "y + "))
    await editor.texts(U, (0, 8))
    await editor.until(lambda: editor.statuses()[-1]["model"] == "scripted")


async def test_the_picker_offers_them_and_a_choice_wins_over_rules(start: Start) -> None:
    editor = await opened(start)
    found = await editor.command("fimble.models")
    assert [each["name"] for each in found["offered"][:3]] == ["small", "large", "bundled"]
    assert [each["id"] for each in found["models"]] == ["scripted", "large"]
    await editor.command("fimble.model", {"name": "small"})
    assert await editor.texts(U, (0, 4), invoked=True) == [ANSWER]
    assert await editor.texts(RUST, (0, 8)) == [ANSWER]


async def test_what_is_wrong_in_them_is_told_and_suggestions_go_on(start: Start) -> None:
    options = OPTIONS | {
        "models": {"small": {"model": "fake", "thread": 1}, "large": {"threads": 2}},
        "rules": [{"model": "large", "trigger": "hand"}],
    }
    editor = await opened(start, options)
    assert await editor.texts(U, (0, 4), invoked=True) == [ANSWER]
    assert [told.removeprefix("fimble: ") for told in editor.shown()] == [
        "Unknown setting `models.small.thread` in the options; did you mean `threads`? It is ignored.",
        "`models.large.model` is missing in the options. The model is ignored.",
        "`rule 1: trigger` is 'hand' in the options: Input should be 'automatic' or 'by hand'. "
        "The rule is ignored.",
    ]


async def test_a_default_model_that_is_not_there_leaves_the_others(
    start: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FIMBLE_MODELS", str(tmp_path))
    monkeypatch.setattr(Editor, "_make_engine", lambda self, settings, on_state: Engine(settings, on_state))
    editor = await start(None, OPTIONS | {"model": "mellum-4b", "candidates": 1})
    editor.open(U, "x = \n")
    await editor.until(editor.shown)
    assert "fimble models pull mellum-4b" in editor.shown()[0]
    assert await editor.texts(U, (0, 4), invoked=True) == ["by_large()"]
    await editor.until(lambda: editor.statuses()[-1]["kind"] == "ready")


async def test_a_model_that_is_not_there_is_told_and_the_others_go_on(start: Start, tmp_path: Path) -> None:
    models = OPTIONS["models"] | {"large": {"model": str(tmp_path / "absent.gguf")}}
    editor = await opened(start, OPTIONS | {"models": models})
    assert await editor.texts(U, (0, 4), invoked=True) == []
    (told,) = editor.shown()
    assert "absent.gguf" in told
    assert await editor.texts(U, (0, 4)) == [ANSWER]
    assert editor.statuses()[-1]["kind"] == "ready"

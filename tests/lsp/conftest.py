"""Editors in the same process, stopped at the end of each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from .editor import Editor, Scripted

Start = Callable[..., Awaitable[Editor]]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of the person who runs the tests, no statistics for them."""
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setenv("FIMBLE_ENGINE", "local")


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """``await start(backend, options, …)``: an editor whose server has been initialized."""
    editors: list[Editor] = []

    async def begin(backend: Scripted | None = None, options: object = None, **more: object) -> Editor:
        editor = Editor(backend)
        editors.append(editor)
        await editor.start(options, **more)
        return editor

    yield begin
    for editor in editors:
        await editor.abandon()
        assert all(len(answers) == 1 for answers in editor.answers.values())

"""The engine is told of the workspace, and the user of how far it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fimble.engine.memory.keeper import OnProgress, Progress
from fimble.lsp import notices

from .conftest import Start
from .editor import Editor

BARS = {"window": {"workDoneProgress": True}}
CODE = "def remembered(first, second):\n    return first + second\n"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home" / "cache"))
    monkeypatch.setattr(notices, "SHOW_AFTER_SECONDS", 0)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "a.py").write_text(CODE * 3)
    return folder


def bars(editor: Editor) -> list[Any]:
    """What the bars were told."""
    return [each["params"]["value"] for each in editor.notified if each["method"] == "$/progress"]


async def grant_bar(editor: Editor) -> None:
    """Wait until the server asks for a bar, and let it have it."""

    def asked() -> list[dict[str, Any]]:
        return [each for each in editor.notified if each["method"] == "window/workDoneProgress/create"]

    await editor.until(asked)
    editor.send({"jsonrpc": "2.0", "id": asked()[-1]["id"], "result": None})


def remembered(editor: Editor) -> str:
    return str(editor.server.session.status.now.project)


async def test_the_workspace_is_read_and_requests_name_its_index(start: Start, project: Path) -> None:
    editor = await start(options={"prefetch": False}, folder=project.as_uri())
    await editor.until(lambda: "project: 1 file remembered" in remembered(editor))
    uri = (project / "b.py").as_uri()
    editor.open(uri, "x = \n")
    await editor.texts(uri, (0, 4))
    asked = editor.backend.asked[-1]
    assert asked.workspace == str(project)
    assert Path(asked.index).is_dir()
    status = await editor.command("fimble.status")
    assert status["project"] == "project: 1 file remembered"
    assert bars(editor) == []


@pytest.mark.parametrize("options", [{"memory": False}, {"enabled": False}])
async def test_nothing_is_read_where_the_user_does_not_want_it(
    start: Start, project: Path, options: dict[str, object]
) -> None:
    editor = await start(options=options, folder=project.as_uri())
    await editor.command("fimble.status")
    engine = editor.server.session.engine.running
    assert engine.memory.index_of(str(project)) == ""
    assert not engine.memory._projects


async def with_a_bar(start: Start) -> tuple[Editor, OnProgress]:
    """An editor that shows a bar for a project that is being read, and who tells how far that is."""
    editor = await start(**BARS)
    await editor.command("fimble.status")
    heard: OnProgress = editor.server.session.projects.heard
    heard(Progress("/w/app", 7))
    await grant_bar(editor)
    await editor.until(lambda: bars(editor))
    return editor, heard


async def test_a_bar_is_shown_once_and_ends(start: Start) -> None:
    editor, heard = await with_a_bar(start)
    for done in (20, 20, 40):
        heard(Progress("/w/app", done, 80))
    heard(Progress("/w/app", ended=True, files=1200))
    await editor.until(lambda: bars(editor)[-1]["kind"] == "end")
    begin, *reports, end = bars(editor)
    assert (begin["title"], begin["message"]) == ("Reading the project", "app: 7 files")
    assert [each["percentage"] for each in reports] == [25, 50]
    assert end["message"] == "ready"
    assert remembered(editor) == "app: 1,200 files remembered"
    heard(Progress("/w/app", 5, 10))
    heard(Progress("/w/app", ended=True, files=1201))
    assert remembered(editor) == "app: 1,201 files remembered"
    assert len(bars(editor)) == 4
    assert editor.shown() == []


async def test_a_failure_is_one_sentence_and_ends_the_bar(start: Start) -> None:
    editor, heard = await with_a_bar(start)
    for _ in range(2):
        heard(Progress("/w/app", ended=True, problem="The disk is full."))
    await editor.until(editor.shown)
    assert editor.shown() == ["fimble: The disk is full."]
    assert bars(editor)[-1] == {"kind": "end", "message": "not remembered"}
    assert remembered(editor) == "The disk is full."


async def test_a_client_without_bars_gets_none(start: Start) -> None:
    editor = await start()
    await editor.command("fimble.status")
    heard = editor.server.session.projects.heard
    heard(Progress("/w/app", 7, 100))
    await editor.command("fimble.status")
    heard(Progress("/w/app", ended=True, files=3))
    await editor.command("fimble.status")
    assert all(each["method"] == "fimble/status" for each in editor.notified)


async def test_another_engine_begins_anew(start: Start) -> None:
    editor = await start(**BARS)
    await editor.command("fimble.status")
    session = editor.server.session
    session.read_project([])
    session.projects.heard(Progress("/w/app", 7, 100))
    await grant_bar(editor)
    await editor.until(lambda: bars(editor))
    await editor.command("fimble.restart")
    await editor.until(lambda: bars(editor)[-1]["kind"] == "end")
    assert remembered(editor) == ""


@pytest.mark.parametrize("method", ["textDocument/didSave", "workspace/didChangeWatchedFiles"])
async def test_saved_files_are_read_again(start: Start, project: Path, method: str) -> None:
    editor = await start(folder=project.as_uri())
    await editor.until(lambda: "remembered" in remembered(editor))
    uri = (project / "b.py").as_uri()
    sent = {"textDocument": {"uri": uri}} if "Save" in method else {"changes": [{"uri": uri, "type": 1}]}
    editor.notify(method, sent)
    editor.notify(method, {"textDocument": {"uri": "file:///elsewhere.py"}, "changes": []})
    await editor.command("fimble.status")
    (told,) = editor.server.session.engine.running.memory._projects.values()
    assert told.task is not None

"""What is said to an editor that says something strange, and what its own answers may be."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Start
from .editor import ANSWER, Editor

U = "file:///w/a.py"


def asked_at(line: int = 0, **more: object) -> dict[str, Any]:
    return {"textDocument": {"uri": U}, "position": {"line": line, "character": 0}, **more}


BY_HAND = {"triggerKind": 1}


async def code(editor: Editor, method: str, params: object) -> int:
    return int((await editor.answer(editor.request(method, params)))["error"]["code"])


@pytest.mark.parametrize(
    ("method", "params", "expected"),
    [
        ("textDocument/hover", asked_at(), -32601),
        ("textDocument/didOpen", {}, -32601),
        ("textDocument/completion", asked_at(), -32601),
        ("textDocument/inlineCompletion", asked_at(), -32602),
        ("textDocument/inlineCompletion", asked_at(-1, context=BY_HAND), -32602),
        ("textDocument/inlineCompletion", asked_at(context={"triggerKind": 3}), -32602),
        ("workspace/executeCommand", {"command": "other.command"}, -32602),
        ("workspace/executeCommand", {"command": "fimble.accepted", "arguments": []}, -32602),
    ],
)  # fmt: skip
async def test_what_cannot_be_done_is_refused(
    start: Start, method: str, params: object, expected: int
) -> None:
    editor = await start()
    assert await code(editor, method, params) == expected
    assert editor.shown() == []


async def test_a_fault_of_our_own_is_an_error_for_that_request_alone(
    start: Start, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    editor = await start()

    def fail(uri: str) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(editor.server.session.documents, "get", fail)
    editor.change(U, "y")
    assert await code(editor, "textDocument/inlineCompletion", asked_at(context=BY_HAND)) == -32603
    monkeypatch.undo()
    editor.open(U, "x = \n")
    assert await editor.texts(U, (0, 4)) == [ANSWER]
    told = [each.getMessage() for each in caplog.records if each.name.startswith("fimble")]
    assert told == ["A message could not be handled"] * 2
    assert editor.shown() == []


@pytest.mark.parametrize(
    "answer",
    [
        {"result": [{"enabled": False}]},
        {"result": None},
        {"result": 5},
        {"error": {"code": 1, "message": "no"}},
    ],
)
async def test_options_are_asked_for_and_any_answer_will_do(start: Start, answer: dict[str, Any]) -> None:
    editor = await start(workspace={"configuration": True})
    await editor.until(
        lambda: [each for each in editor.notified if each["method"] == "workspace/configuration"]
    )
    (asked,) = [each for each in editor.notified if each["method"] == "workspace/configuration"]
    assert asked["params"] == {"items": [{"section": "fimble"}]}
    editor.open(U, "x = \n")
    for _ in range(2):  # only the first counts
        editor.send({"jsonrpc": "2.0", "id": asked["id"], **answer})
    expected = [] if "enabled" in str(answer) else [ANSWER]
    assert await editor.texts(U, (0, 4)) == expected


async def test_an_acceptance_of_nothing_is_no_fault(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    editor = await start()
    assert await editor.result("workspace/executeCommand", {"command": "fimble.accepted"}) is None
    assert not [each for each in caplog.records if each.levelname == "ERROR"]


async def test_folders_come_and_go(start: Start) -> None:
    editor = await start()
    for added, removed in ((["file:///a", "file:///b"], []), (["file:///c"], ["file:///a"])):
        event = {
            name: [{"uri": uri, "name": "w"} for uri in uris]
            for name, uris in (("added", added), ("removed", removed))
        }
        editor.notify("workspace/didChangeWorkspaceFolders", {"event": event})
    await editor.command("fimble.status")
    assert list(editor.server.protocol.workspace.folders) == ["file:///b", "file:///c"]

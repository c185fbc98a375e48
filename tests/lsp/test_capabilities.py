"""What the client can do, folded into what matters."""

from __future__ import annotations

from typing import Any

import pytest
from lsprotocol import types
from lsprotocol.converters import get_converter

from fimble.lsp.capabilities import ClientCapabilities, relevant

from .editor import Editor

FULL: dict[str, Any] = {
    "general": {"positionEncodings": ["utf-8"], "markdown": {"parser": "x", "version": "1"}},
    "textDocument": {
        "inlineCompletion": {"dynamicRegistration": True},
        "hover": {"contentFormat": ["markdown"]},
        "synchronization": {"willSave": True, "willSaveWaitUntil": True},
    },
    "window": {"workDoneProgress": True, "showMessage": {}},
    "workspace": {"configuration": True, "workspaceFolders": True, "fileOperations": {"didCreate": True}},
    "notebookDocument": {"synchronization": {}},
}


def test_nothing_that_matters_is_left_out() -> None:
    params = {"capabilities": FULL, "processId": 5}
    kept = relevant(params)
    assert kept["processId"] == 5
    assert "hover" not in kept["capabilities"]["textDocument"]
    convert = get_converter()
    all_of_it, part = (
        ClientCapabilities.of(convert.structure(each["capabilities"], types.ClientCapabilities))
        for each in (params, kept)
    )
    assert all_of_it == part == ClientCapabilities(True, True, True)


@pytest.mark.parametrize("params", [None, [], {}, {"capabilities": None}, {"capabilities": {"window": 5}}])
def test_what_is_no_capabilities_stays_what_it_is(params: object) -> None:
    assert relevant(params) == params


@pytest.mark.parametrize(
    "capabilities", [FULL, {**FULL, "textDocument": {"inlineCompletion": {}, "hover": 5}}]
)
async def test_what_is_not_read_changes_nothing(capabilities: dict[str, Any]) -> None:
    few, all_of_it = Editor(), Editor()
    await few.start(encoding="utf-8", window={"workDoneProgress": True})
    told = {"capabilities": capabilities, "processId": None, "rootUri": None}
    assert await all_of_it.result("initialize", told) == few.initialized
    for editor in (few, all_of_it):
        await editor.abandon()


async def test_what_is_read_and_wrong_is_refused() -> None:
    editor = Editor()
    told = {"capabilities": {"window": 5}, "processId": None, "rootUri": None}
    assert (await editor.answer(editor.request("initialize", told)))["error"]["code"] == -32602
    await editor.abandon()

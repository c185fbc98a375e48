"""Requests of Copilot's server and of llm-ls to the real process, with real workers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from .conftest import ANSWER, Editor, Start

pytestmark = pytest.mark.e2e

ASK, PANEL = "llm-ls/getCompletions", "textDocument/copilotPanelCompletion"
ME = {"name": "test", "version": "1"}


def here(editor: Editor) -> dict[str, Any]:
    at = editor._position(editor.at)
    return {"textDocument": {"uri": editor.uri}, "position": {"line": at.line, "character": at.character}}


async def texts(editor: Editor) -> list[str]:
    answer = await editor.client.protocol.send_request_async(ASK, here(editor))
    return [each.generated_text for each in answer.completions]


async def test_a_cancelled_request_makes_way_for_the_next(start: Start) -> None:
    editor = await start(fake={"endless": True, "token_ms": 5})
    editor.open("x = ▮\n")
    request = editor.client.protocol.send_request(ASK, here(editor), msg_id="to-be-cancelled")
    await asyncio.sleep(0)
    editor.client.cancel_request(types.CancelParams("to-be-cancelled"))
    with pytest.raises(JsonRpcException) as caught:
        await asyncio.wrap_future(request)
    assert caught.value.code == -32800
    assert (await editor.stats())["suggestions"] == 0


async def test_a_suggestion_for_a_client_of_llm_ls_is_taken(start: Start) -> None:
    editor = await start(fake={})
    editor.open("x = ▮\n")
    answer = await editor.client.protocol.send_request_async(ASK, here(editor))
    assert answer.completions[0].generated_text == ANSWER
    taken = {"requestId": answer.request_id, "acceptedCompletion": 0, "shownCompletions": [0]}
    await editor.client.protocol.send_request_async("llm-ls/acceptCompletion", taken)
    assert (await editor.stats())["accepted"] == 1


async def test_the_bundled_model_for_both(start: Start) -> None:
    editor = await start({"editorInfo": ME, "editorPluginInfo": ME})
    editor.open("def add(first, second):\n    return ▮\n\n\nprint(add(1, 2))\n")
    (text,) = await texts(editor)
    assert text
    panel = await editor.client.protocol.send_request_async(PANEL, here(editor))
    assert len({item.insertText for item in panel.items}) == len(panel.items) >= 1
    assert editor.shown() == []

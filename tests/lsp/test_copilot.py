"""Clients of Copilot's language server, with this one in its place."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from fimble.engine.errors import UpstreamUnavailable
from fimble.lsp.names import COPILOT_REQUESTS, LLM_LS_REQUESTS
from fimble.lsp.requests import copilot, llm_ls

from .conftest import Start
from .editor import ANSWER, Editor, Scripted, place, span

U = "file:///w/a.py"
INTRODUCTION = {
    "editorInfo": {"name": "Neovim", "version": "0.12.0"},
    "editorPluginInfo": {"name": "copilot.test", "version": "1"},
}
SETTINGS = {
    "http": {"proxy": "http://localhost:1", "proxyStrictSSL": None},
    "telemetry": {"telemetryLevel": "all"},
    "github-enterprise": {"uri": None},
    "github": {"copilot": {"selectedCompletionModel": ""}},
    "enableAutoCompletions": True,
}
ACCEPTED = "github.copilot.didAcceptCompletionItem"
PANEL = "textDocument/copilotPanelCompletion"


async def opened(start: Start, *texts: str, options: object = INTRODUCTION, **more: object) -> Editor:
    editor = await start(Scripted(*texts), options, **more)
    editor.open(U, "x = \n")
    return editor


def told(editor: Editor, method: str) -> list[dict[str, Any]]:
    return [each["params"] for each in editor.notified if each["method"] == method]


def test_every_method_has_its_handler() -> None:
    assert set(copilot._REQUESTS) == set(COPILOT_REQUESTS)
    assert set(llm_ls._REQUESTS) == set(LLM_LS_REQUESTS)


@pytest.mark.parametrize(
    ("method", "status"),
    [
        ("signIn", "AlreadySignedIn"),
        ("signInInitiate", "AlreadySignedIn"),
        ("signInConfirm", "OK"),
        ("checkStatus", "OK"),
    ],
)
@pytest.mark.parametrize("params", [None, {}, {"options": {"localChecksOnly": True}}, ["quote", None]])
async def test_whoever_asks_is_signed_in(start: Start, method: str, status: str, params: object) -> None:
    editor = await start()
    answer = await editor.result(method, params)
    assert answer["status"] == status
    assert isinstance(answer["user"], str)


async def test_what_else_a_client_asks_at_its_start(start: Start) -> None:
    editor = await opened(start)
    assert (await editor.result("getVersion", {}))["version"] == editor.initialized["serverInfo"]["version"]
    assert await editor.result("setEditorInfo", INTRODUCTION) == "OK"
    assert await editor.result("signOut", {}) == {"status": "NotSignedIn"}
    assert await editor.result("textDocument/copilotInlineEdit", {"textDocument": {"uri": U}}) == {
        "edits": []
    }
    editor.notify("textDocument/didShowInlineEdit", {"item": {"command": {"arguments": ["x"]}}})
    editor.notify("signIn", {})  # a request without an id is none
    assert await editor.texts(U, (0, 4)) == [ANSWER]


async def test_suggestions_as_such_clients_ask_for_them(start: Start) -> None:
    editor = await opened(start)
    params = {
        "textDocument": {"uri": U, "version": 3},
        "position": place((0, 4)),
        "context": {"triggerKind": 2},
        "formattingOptions": {"tabSize": 4, "insertSpaces": True},
    }
    (item,) = (await editor.result("textDocument/inlineCompletion", params))["items"]
    assert item["insertText"] == ANSWER
    assert {"title", "command", "arguments"} <= set(item["command"])
    editor.notify("textDocument/didShowCompletion", {"item": item})
    await editor.result("workspace/executeCommand", item["command"])
    assert (await editor.command("fimble.stats"))["accepted"] == 1


async def test_an_acceptance_under_copilots_own_name(start: Start) -> None:
    editor = await opened(start)
    (item,) = await editor.items(editor.ask(U, (0, 4)))
    assert ACCEPTED in editor.initialized["capabilities"]["executeCommandProvider"]["commands"]
    await editor.command(ACCEPTED, item["command"]["arguments"][0])
    assert (await editor.command("fimble.stats"))["accepted"] == 1


async def test_others_do_not_hear_of_copilot(start: Start) -> None:
    editor = await opened(start, options={"editorInfo": "x"})
    assert ACCEPTED not in editor.initialized["capabilities"]["executeCommandProvider"]["commands"]
    assert await editor.texts(U, (0, 4)) == [ANSWER]
    assert told(editor, "didChangeStatus") == []


async def test_a_client_that_shows_text_inline_needs_no_menu(start: Start) -> None:
    editor = await opened(start, textDocument={})
    assert "completionProvider" not in editor.initialized["capabilities"]


class TestPanel:
    WHERE: dict[str, Any] = {"textDocument": {"uri": U}, "position": place((0, 4))}  # noqa: RUF012

    async def test_several_to_choose_from(self, start: Start) -> None:
        editor = await opened(start, "a(1)", "b(2)", "c(3)")
        items = (await editor.result(PANEL, self.WHERE))["items"]
        assert [item["insertText"] for item in items] == ["a(1)", "b(2)", "c(3)"]
        assert all(item["range"] == span((0, 4), (0, 4)) for item in items)
        await editor.result("workspace/executeCommand", items[1]["command"])
        assert (await editor.command("fimble.stats"))["accepted"] == 1

    @pytest.mark.parametrize("token", [7, "t"])
    async def test_reported_under_a_token(self, start: Start, token: object) -> None:
        editor = await opened(start, "a(1)", "b(2)", "c(3)")
        assert await editor.result(PANEL, {**self.WHERE, "partialResultToken": token}) == {"items": []}
        (report,) = told(editor, "$/progress")
        assert report["token"] == token
        assert [item["insertText"] for item in report["value"]["items"]] == ["a(1)", "b(2)", "c(3)"]

    @pytest.mark.parametrize("token", [True, 1.5, {}, "x" * 100_000])
    async def test_a_token_that_is_none(self, start: Start, token: object) -> None:
        editor = await opened(start)
        answer = await editor.answer(editor.request(PANEL, {**self.WHERE, "partialResultToken": token}))
        assert answer["error"]["code"] == -32602


class TestStatus:
    async def test_busy_and_then_ready(self, start: Start) -> None:
        editor = await opened(start)
        await editor.texts(U, (0, 4))
        seen = told(editor, "didChangeStatus")
        assert seen[0] == {"busy": True, "kind": "Normal", "message": ""}
        assert {"busy": False, "kind": "Normal", "message": ""} in seen
        assert all(one != other for one, other in pairwise(seen))

    async def test_switched_off(self, start: Start) -> None:
        editor = await opened(start)
        await editor.command("fimble.toggle", {"enabled": False})
        last = told(editor, "didChangeStatus")[-1]
        assert last == {"busy": False, "kind": "Inactive", "message": "Suggestions are switched off."}

    async def test_an_error_is_told_in_words(self, start: Start) -> None:
        editor = await start(Scripted(UpstreamUnavailable("The model is not there.")), INTRODUCTION)
        editor.open(U, "x = \n")
        assert await editor.texts(U, (0, 4)) == []
        (last,) = [each for each in told(editor, "didChangeStatus") if each["kind"] == "Error"]
        assert "The model is not there." in last["message"]


class TestSettings:
    async def test_those_of_copilot_change_nothing(self, start: Start) -> None:
        editor = await opened(start)
        for settings in (SETTINGS, None, {}):
            editor.notify("workspace/didChangeConfiguration", {"settings": settings})
        assert await editor.texts(U, (0, 4)) == [ANSWER]
        assert editor.shown() == []

    async def test_ours_may_stand_among_them(self, start: Start) -> None:
        editor = await opened(start)
        settings = {**SETTINGS, "fimble": {"disabledLanguages": ["python"]}}
        editor.notify("workspace/didChangeConfiguration", {"settings": settings})
        assert await editor.texts(U, (0, 4)) == []
        assert editor.shown() == []

    @pytest.mark.parametrize(
        ("languages", "expected"),
        [
            ([{"languageId": "python"}, {"languageId": 5}, 7, {}], []),
            ([{"languageId": "markdown"}], [ANSWER]),
            ("python", [ANSWER]),
        ],
    )
    async def test_its_languages_without_suggestions_are_ours(
        self, start: Start, languages: object, expected: list[str]
    ) -> None:
        editor = await opened(start)
        settings = {**SETTINGS, "disabledLanguages": languages}
        editor.notify("workspace/didChangeConfiguration", {"settings": settings})
        assert await editor.texts(U, (0, 4)) == expected
        assert editor.shown() == []

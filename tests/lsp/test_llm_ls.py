"""Clients of Hugging Face's llm-ls, with this server in its place."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from .conftest import Start
from .editor import ANSWER, Editor, Scripted, place

U = "file:///w/a.py"
ASK = "llm-ls/getCompletions"
SETTINGS = {
    "ide": "neovim",
    "model": "bigcode/starcoder2-15b",
    "backend": "huggingface",
    "fim": {"enabled": True, "prefix": "<fim_prefix>", "middle": "<fim_middle>", "suffix": "<fim_suffix>"},
    "tokensToClear": ["<|endoftext|>"],
    "requestBody": {"parameters": {"max_new_tokens": 60}},
    "contextWindow": 1024,
    "tlsSkipVerifyInsecure": False,
    "disableUrlPathCompletion": False,
}


def asked_at(at: tuple[int, int]) -> dict[str, Any]:
    return {"textDocument": {"uri": U}, "position": place(at), **SETTINGS}


async def opened(start: Start, backend: Scripted | None = None, options: object = None) -> Editor:
    editor = await start(backend, options)
    editor.open(U, "x = \n")
    return editor


async def test_a_suggestion_is_shown_and_taken(start: Start) -> None:
    editor = await opened(start)
    answer = await editor.result(ASK, asked_at((0, 4)))
    assert answer["completions"] == [{"generated_text": ANSWER}]
    taken = {
        "requestId": answer["request_id"],
        "acceptedCompletion": 0,
        "shownCompletions": [0],
        "completions": answer["completions"],
    }
    assert await editor.result("llm-ls/acceptCompletion", taken) is None
    session = editor.server.session
    assert session.counters.accepted == 1
    assert session.outcomes.of(U) == (True,)
    assert session.statistics._records[answer["request_id"]].accepted == len(ANSWER)


async def test_typing_along_is_told_as_a_rejection_and_is_none(start: Start) -> None:
    editor = await opened(start, options={"prefetch": False})
    first = await editor.result(ASK, asked_at((0, 4)))
    rejected = {"requestId": first["request_id"], "shownCompletions": [0]}
    assert await editor.result("llm-ls/rejectCompletion", rejected) is None
    editor.change(U, ((0, 4), (0, 4), "com"))
    second = await editor.result(ASK, asked_at((0, 7)))
    assert second == {"request_id": first["request_id"], "completions": [{"generated_text": ANSWER[3:]}]}
    session = editor.server.session
    assert session.outcomes.of(U) == ()
    assert session.statistics._records[first["request_id"]].shown
    assert len(editor.backend.asked) == 1


async def test_what_is_typed_over_counts_as_such(start: Start) -> None:
    editor = await opened(start)
    await editor.result(ASK, asked_at((0, 4)))
    editor.change(U, ((0, 4), (0, 4), "other + "))
    await editor.result(ASK, asked_at((0, 12)))
    assert editor.server.session.outcomes.of(U) == (False,)


@pytest.mark.parametrize(
    ("made", "ide", "shown", "taken"),
    [
        ("add(1, 2)", "neovim", "add(1, 2))  # é", "add(1, 2)"),
        ("add(1, 2)", "vscode", "add(1, 2)", "add(1, 2)"),
        ("a,\n    b", "neovim", "a,)  # é", "a,"),
        ("a,\n    b", "vscode", "a,", "a,"),
    ],
)
async def test_inside_a_line_it_has_one_line(
    start: Start, made: str, ide: str, shown: str, taken: str
) -> None:
    editor = await start(Scripted(made))
    editor.open(U, "f()  # é\n")
    answer = await editor.result(ASK, {**asked_at((0, 2)), "ide": ide})
    assert answer["completions"] == [{"generated_text": shown}]
    await editor.result("llm-ls/acceptCompletion", {"requestId": answer["request_id"]})
    session = editor.server.session
    assert session.statistics._records[answer["request_id"]].accepted == len(taken)
    assert session.outcomes.of(U) == (True,)


async def test_a_rest_that_is_too_long_is_left_alone(start: Start) -> None:
    editor = await start()
    editor.open(U, f"f(){' ' * 5_000}# x\n")
    assert (await editor.result(ASK, asked_at((0, 2))))["completions"] == []


@pytest.mark.parametrize("where", [U, "file:///w/unknown.py"])
async def test_nothing_to_suggest_is_an_empty_list(start: Start, where: str) -> None:
    editor = await opened(start, Scripted(""))
    answer = await editor.result(ASK, {**asked_at((0, 4)), "textDocument": {"uri": where}})
    assert answer == {"request_id": "", "completions": []}
    for method in ("llm-ls/acceptCompletion", "llm-ls/rejectCompletion"):
        assert await editor.result(method, {"requestId": ""}) is None


async def test_a_cancelled_request_stops_the_model(start: Start) -> None:
    backend = Scripted(held=True)
    editor = await opened(start, backend)
    id = editor.request(ASK, asked_at((0, 4)))
    async with asyncio.timeout(60):
        while not backend.asked:  # noqa: ASYNC110
            await asyncio.sleep(0)
    editor.notify("$/cancelRequest", {"id": id})
    assert (await editor.answer(id))["error"]["code"] == -32800
    asks = editor.server.session.asks
    async with asyncio.timeout(60):
        while asks._ending or not all(each.task.done() for each in asks._asked.values()):  # noqa: ASYNC110
            await asyncio.sleep(0)
    backend.let_go(10)
    assert (await editor.result(ASK, asked_at((0, 4))))["completions"] == [{"generated_text": ANSWER}]


@pytest.mark.parametrize(
    ("method", "params"),
    [
        (ASK, None),
        (ASK, {"textDocument": {"uri": U}}),
        (ASK, {"textDocument": {"uri": 5}, "position": place((0, 0))}),
        (ASK, {"textDocument": {"uri": U}, "position": place((-1, 0))}),
        (ASK, {"textDocument": {"uri": U}, "position": {"line": True, "character": 0}}),
        (ASK, {"textDocument": {"uri": U}, "position": {"line": 0, "character": 2**31}}),
        ("llm-ls/acceptCompletion", {}),
        ("llm-ls/rejectCompletion", {"requestId": ["x"]}),
        ("llm-ls/rejectCompletion", {"requestId": "x" * 100_000}),
    ],
)
async def test_what_cannot_be_understood_is_refused(start: Start, method: str, params: object) -> None:
    editor = await opened(start)
    error = (await editor.answer(editor.request(method, params)))["error"]
    assert error["code"] == -32602
    assert "should be" in error["message"]
    assert editor.shown() == []

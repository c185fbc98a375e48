"""Clients of Copilot's server that ask in its older way."""

from __future__ import annotations

from typing import Any

import pytest

from fimble.lsp.positions import Place

from .conftest import Start
from .editor import ANSWER, Editor, Scripted, place, span
from .reference import Reference

U = "file:///w/a.py"


def doc(at: tuple[int, int], **more: object) -> dict[str, Any]:
    return {"doc": {"uri": U, "version": 7, "position": place(at)}, **more}


async def opened(start: Start, text: str, *texts: str, encoding: str = "utf-16") -> Editor:
    editor = await start(Scripted(*texts), encoding=encoding)
    editor.open(U, text)
    return editor


async def completions(editor: Editor, at: tuple[int, int], method: str = "getCompletions") -> Any:
    return (await editor.result(method, doc(at)))["completions"]


@pytest.mark.parametrize(("encoding", "at", "end"), [("utf-8", 10, 11), ("utf-16", 8, 9), ("utf-32", 7, 8)])
async def test_what_the_whole_line_becomes(start: Start, encoding: Any, at: int, end: int) -> None:
    text = "first\r\nf('😀', )\r\nlast"
    editor = await opened(start, text, encoding=encoding)
    (made,) = await completions(editor, (1, at))
    assert made["text"] == f"f('😀', {ANSWER})"
    assert made["displayText"] == ANSWER + ")"
    assert made["range"] == span((1, 0), (1, end))
    assert (made["position"], made["docVersion"]) == (place((1, at)), 7)
    changed = Reference(text, encoding)
    begins, ends = (Place(each["line"], each["character"]) for each in made["range"].values())
    changed.change(begins, ends, made["text"])
    assert changed.text == f"first\r\nf('😀', {ANSWER})\r\nlast"


async def test_several_by_hand(start: Start) -> None:
    editor = await opened(start, "x = \n", "a(1)", "b(2)", "c(3)")
    made = await completions(editor, (0, 4), "getCompletionsCycling")
    assert [each["text"] for each in made] == ["x = a(1)", "x = b(2)", "x = c(3)"]
    assert len({each["uuid"] for each in made}) == 3


async def test_the_panel_gets_each_in_a_notification(start: Start) -> None:
    editor = await opened(start, "x = \n", "a(1)", "b(2)", "c(3)")
    answer = await editor.result("getPanelCompletions", doc((0, 4), panelId="p"))
    assert answer == {"solutionCountTarget": 3}
    solutions = [each["params"] for each in editor.notified if each["method"] == "PanelSolution"]
    assert [each["completionText"] for each in solutions] == ["a(1)", "b(2)", "c(3)"]
    assert all(each["range"] == span((0, 4), (0, 4)) and each["panelId"] == "p" for each in solutions)
    assert editor.notified[-1]["params"] == {"panelId": "p", "status": "OK"}
    await editor.result("notifyAccepted", {"uuid": solutions[2]["solutionId"]})
    assert (await editor.command("fimble.stats"))["accepted"] == 1


@pytest.mark.parametrize(
    ("length", "whole", "characters"),
    [
        (None, 1, len(ANSWER)),
        (len("s = '😀' + ") + 1 + len(ANSWER), 1, len(ANSWER)),
        (len("s = '😀' + ") + 1 + 3, 0, 3),
        (3, 0, 0),
    ],
)
async def test_all_of_it_or_a_part_is_taken(
    start: Start, length: int | None, whole: int, characters: int
) -> None:
    editor = await opened(start, "s = '😀' + \n")
    (made,) = await completions(editor, (0, 11))
    await editor.result("notifyShown", {"uuid": made["uuid"]})
    sent = {"uuid": made["uuid"]} | ({} if length is None else {"acceptedLength": length})
    await editor.result("notifyAccepted", sent)
    assert (await editor.command("fimble.stats"))["accepted"] == whole
    session = editor.server.session
    assert session.statistics._records[made["uuid"]].accepted == characters
    assert session.outcomes.of(U) == ((True,) if characters else ())


async def test_what_is_not_shown_any_more_may_have_been_taken(start: Start) -> None:
    editor = await opened(start, "x = \n")
    (made,) = await completions(editor, (0, 4))
    await editor.result("notifyAccepted", {"uuid": made["uuid"]})
    await editor.result("notifyRejected", {"uuids": [made["uuid"], "unknown"]})
    assert editor.server.session.outcomes.of(U) == (True,)
    assert (await editor.command("fimble.stats"))["accepted"] == 1


async def test_nothing_to_suggest(start: Start) -> None:
    editor = await opened(start, "x = \n", "")
    assert await editor.result("getCompletions", doc((0, 4))) == {"completions": []}
    assert await editor.result("getPanelCompletions", doc((0, 4), panelId="p")) == {"solutionCountTarget": 0}
    assert await editor.result("notifyAccepted", {"uuid": "unknown", "acceptedLength": 3}) == "OK"

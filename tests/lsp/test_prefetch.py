"""What is prepared while a suggestion is shown, and taken without asking the model again."""

from __future__ import annotations

import asyncio

import pytest

from fimble.lsp import prefetch
from fimble.lsp.positions import Place
from fimble.lsp.prefetch import next_line
from fimble.lsp.snapshot import Snapshot

from .conftest import Start
from .editor import Editor, Scripted

U = "file:///w/a.py"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefetch, "PREFETCH_AFTER_SECONDS", 0)


async def prepared(editor: Editor, count: int) -> None:
    """Wait until so many answers of the engine have come."""
    async with asyncio.timeout(60):
        while editor.server.session.counters.completion_tokens < count:  # noqa: ASYNC110
            await asyncio.sleep(0)


async def test_what_follows_is_there_at_once(start: Start) -> None:
    editor = await start(Scripted("f(a)", " + 1", ""))
    editor.open(U, "x = \n")
    (item,) = await editor.items(editor.ask(U, (0, 4)))
    await prepared(editor, len("f(a) + 1"))
    editor.change(U, ((0, 4), (0, 4), "f(a)"))
    await editor.command("fimble.accepted", *item["command"]["arguments"])
    assert await editor.texts(U, (0, 8)) == [" + 1"]
    assert editor.server.session.counters.from_memory == 1


async def test_the_next_line_is_prepared_where_nothing_follows_in_this_one(start: Start) -> None:
    editor = await start(Scripted("f(a)", "", "y = 2"))
    editor.open(U, "if x:\n    x = \n")
    await editor.texts(U, (1, 8))
    await prepared(editor, len("f(a)y = 2"))
    assert [each.ahead for each in editor.backend.asked] == [False, True, True]
    assert editor.backend.asked[-1].prefix == "if x:\n    x = f(a)\n    "
    editor.change(U, ((1, 8), (1, 8), "f(a)"))
    editor.change(U, ((1, 12), (1, 12), "\n    "))
    assert await editor.texts(U, (2, 4)) == ["y = 2"]
    assert editor.server.session.counters.from_memory == 1


async def test_a_word_or_a_line_that_is_taken_leaves_the_rest_without_the_model(start: Start) -> None:
    editor = await start(Scripted("total = one + two\nprint(total)"), options={"prefetch": False})
    editor.open(U, "\n")
    (item,) = await editor.items(editor.ask(U, (0, 0)))
    editor.change(U, ((0, 0), (0, 0), "total "))
    editor.notify("textDocument/didPartiallyAcceptCompletion", {"item": item, "acceptedLength": 6})
    assert await editor.texts(U, (0, 6)) == ["= one + two\nprint(total)"]
    editor.change(U, ((0, 6), (0, 6), "= one + two\n"))
    assert await editor.texts(U, (1, 0)) == ["print(total)"]
    assert len(editor.backend.asked) == 1
    assert editor.server.session.outcomes.of(U) == (True,)


async def test_on_its_battery_the_machine_waits(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefetch, "SAVING_SECONDS", 600)
    editor = await start(Scripted("f(a)", " + 1"))
    editor.server.session.power._saving = True
    editor.server.session.power._seen_at = float("inf")
    editor.open(U, "x = \n")
    assert await editor.texts(U, (0, 4)) == ["f(a)"]
    await editor.command("fimble.status")
    assert len(editor.backend.asked) == 1
    assert editor.server.session.counters.model_runs == 1


@pytest.mark.parametrize(
    ("prefix", "suffix", "wanted"),
    [
        ("x = 1", "\ny", "\n"),
        ("if a:\n    x = 1", "", "\n    "),
        ("if a:\n  b\nif c:", "", "\n  "),
        ("if c:", "", "\n    "),
        ("f() {\n\ta;\n\tif (b) {", "\n\t}\n}", "\n\t\t"),
        ("a\r\nb", "", "\r\n"),
        ("x = (1", ")", None),
        ("a\n    ", "", None),
        ("", "", None),
    ],
)
def test_where_the_next_line_begins(prefix: str, suffix: str, wanted: str | None) -> None:
    place = Place(0, 0)
    now = Snapshot("u", 1, "python", prefix, suffix, 0, len(suffix), place, place)
    found = next_line(now)
    assert (found and found.prefix) == (None if wanted is None else prefix + wanted)

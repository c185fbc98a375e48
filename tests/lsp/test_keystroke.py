"""One keystroke through the real server and the real engine, with a backend that says what a test wants."""

from __future__ import annotations

import asyncio

import pytest

from fimble.engine.errors import UpstreamUnavailable
from fimble.engine.serving import Serving

from .conftest import Start
from .editor import ANSWER, Editor, Scripted, span

U = "file:///w/a.py"


async def asked(backend: Scripted, count: int) -> None:
    """Wait until the engine was asked so often."""
    async with asyncio.timeout(60):
        while len(backend.asked) < count:  # noqa: ASYNC110
            await asyncio.sleep(0)


async def answered(editor: Editor) -> None:
    """Wait until the engine has answered something."""
    async with asyncio.timeout(60):
        while not editor.server.session.counters.completion_tokens:  # noqa: ASYNC110
            await asyncio.sleep(0)


class TestStillRight:
    async def test_an_answer_to_an_older_text_fits_the_newer_one(self, start: Start) -> None:
        backend = Scripted(held=True)
        editor = await start(backend)
        editor.open(U, "x = \n")
        id = editor.ask(U, (0, 4))
        await asked(backend, 1)
        editor.change(U, ((0, 4), (0, 4), "com"))
        await editor.command("fimble.status")
        backend.let_go(10)
        (item,) = await editor.items(id)
        assert (item["insertText"], item["range"]) == (ANSWER[3:], span((0, 7), (0, 7)))

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
    async def test_text_behind_the_cursor_changes_meanwhile(self, start: Start, encoding: str) -> None:
        """The new text has other lengths in every encoding, with the old end in the middle of a character."""
        backend = Scripted(held=True)
        editor = await start(backend, encoding=encoding)
        editor.open(U, "x = \naaaa\r\n")
        id = editor.ask(U, (0, 4))
        await asked(backend, 1)
        editor.change(U, ((1, 0), (2, 0), "😀€é\r\n😀"))
        await editor.command("fimble.status")
        backend.let_go(10)
        assert await editor.items(id) == []
        assert editor.shown() == []


class TestMemory:
    async def test_typing_along_asks_nobody_and_counts_once(self, start: Start) -> None:
        editor = await start(options={"prefetch": False})
        editor.open(U, "x = \n")
        for typed in range(len(ANSWER)):
            assert await editor.texts(U, (0, 4 + typed)) == [ANSWER[typed:]]
            editor.change(U, ((0, 4 + typed), (0, 4 + typed), ANSWER[typed]))
        stats = await editor.command("fimble.stats")
        assert (stats["suggestions"], stats["from_memory"]) == (1, len(ANSWER) - 1)
        assert len(editor.backend.asked) == 1
        assert len(editor.server.session.statistics._records) == 1

    @pytest.mark.parametrize("change", ["fimble.model", "fimble.restart", "options"])
    async def test_another_engine_forgets_what_the_old_one_said(self, start: Start, change: str) -> None:
        editor = await start(Scripted("old", "new"), options={"prefetch": False})
        editor.open(U, "x = \n")
        assert await editor.texts(U, (0, 4)) == ["old"]
        if change == "options":
            told = {"fimble": {"prefetch": False, "contextFiles": False}}
            editor.notify("workspace/didChangeConfiguration", {"settings": told})
        else:
            await editor.command(change, {"name": "fake"})
        assert await editor.texts(U, (0, 4)) == ["new"]

    async def test_another_eagerness_needs_no_other_engine(self, start: Start) -> None:
        editor = await start(Scripted("old", "new"), options={"prefetch": False})
        editor.open(U, "x = \n")
        assert await editor.texts(U, (0, 4)) == ["old"]
        told = {"fimble": {"prefetch": False, "eagerness": "subtle", "comments": "on"}}
        editor.notify("workspace/didChangeConfiguration", {"settings": told})
        assert await editor.texts(U, (0, 4)) == ["new"]
        assert (editor.backend.asked[-1].eagerness, editor.engines) == ("subtle", 1)

    async def test_an_answer_of_an_engine_that_was_replaced_is_dropped(self, start: Start) -> None:
        backend = Scripted("old", "new", held=True)
        editor = await start(backend, options={"prefetch": False})
        editor.open(U, "x = \n")
        id = editor.ask(U, (0, 4))
        await asked(backend, 1)
        await editor.command("fimble.restart")
        assert await editor.items(id) == []
        backend.let_go(10)
        assert await editor.texts(U, (0, 4)) == ["old"]  # the script goes on: nobody took this line
        assert len(backend.asked) == 2


class TestTogether:
    async def test_menu_and_inline_share_one_answer(self, start: Start) -> None:
        backend = Scripted(held=True)
        editor = await start(backend, options={"completion": "always", "prefetch": False})
        editor.open(U, "x = \n")
        inline, menu = editor.ask(U, (0, 4)), editor.ask(U, (0, 4), menu=True)
        await asked(backend, 1)
        backend.let_go(10)
        assert [item["insertText"] for item in await editor.items(inline)] == [ANSWER]
        assert [item["textEdit"]["newText"] for item in await editor.items(menu)] == [ANSWER]
        assert len(backend.asked) == 1

    async def test_one_of_two_is_cancelled_and_the_other_answered(self, start: Start) -> None:
        backend = Scripted(held=True)
        editor = await start(backend, options={"completion": "always"})
        editor.open(U, "x = \n")
        inline, menu = editor.ask(U, (0, 4)), editor.ask(U, (0, 4), menu=True)
        await asked(backend, 1)
        editor.notify("$/cancelRequest", {"id": inline})
        assert (await editor.answer(inline))["error"]["code"] == -32800
        backend.let_go(10)
        assert len(await editor.items(menu)) == 1

    async def test_the_same_is_asked_again_when_the_first_one_was_just_cancelled(self, start: Start) -> None:
        backend = Scripted(held=True)
        editor = await start(backend)
        editor.open(U, "x = \n")
        first = editor.ask(U, (0, 4))
        await asked(backend, 1)
        editor.notify("$/cancelRequest", {"id": first})
        second = editor.ask(U, (0, 4))
        assert (await editor.answer(first))["error"]["code"] == -32800
        backend.let_go(10)
        assert len(await editor.items(second)) == 1

    async def test_a_newer_place_takes_the_turn(self, start: Start) -> None:
        backend = Scripted(held=True)
        editor = await start(backend)
        editor.open(U, "x = \ny = \n")
        older, newer = editor.ask(U, (0, 4)), editor.ask(U, (1, 4))
        assert await editor.items(older) == []
        backend.let_go(10)
        assert len(await editor.items(newer)) == 1


class TestByHand:
    async def test_the_first_does_not_wait_for_slow_others(self, start: Start) -> None:
        backend = Scripted("one", "two", "three", held=True)
        editor = await start(backend)
        editor.open(U, "x = \n")
        id = editor.ask(U, (0, 4), invoked=True)
        backend.let_go()
        assert [item["insertText"] for item in await editor.items(id)] == ["one"]
        backend.let_go(10)
        await asked(backend, 3)
        await editor.command("fimble.status")
        assert await editor.texts(U, (0, 4), invoked=True) == ["one", "two", "three"]

    async def test_those_that_were_made_are_kept_when_another_place_is_asked_for(self, start: Start) -> None:
        backend = Scripted("one", "two", held=True)
        editor = await start(backend, options={"prefetch": False})
        editor.open(U, "x = \ny = \n")
        backend.let_go()
        by_hand = editor.ask(U, (0, 4), invoked=True)
        await answered(editor)
        other = editor.ask(U, (1, 4))
        assert [item["insertText"] for item in await editor.items(by_hand)] == ["one"]
        backend.let_go(10)
        assert [item["insertText"] for item in await editor.items(other)] == ["two"]
        assert await editor.texts(U, (0, 4)) == ["one"]

    async def test_all_are_asked_for_at_once(self, start: Start) -> None:
        backend = Scripted("one", "two", "three", held=True)
        backend.slots = 3
        editor = await start(backend, options={"prefetch": False})
        editor.open(U, "x = \n")
        id = editor.ask(U, (0, 4), invoked=True)
        await asked(backend, 3)
        backend.let_go(3)
        assert [item["insertText"] for item in await editor.items(id)] == ["one", "two", "three"]
        assert [request.variant for request in backend.asked] == [0, 1, 2]

    async def test_all_end_when_one_fails(self, start: Start) -> None:
        backend = Scripted(UpstreamUnavailable("Gone."), "two", held=True)
        backend.slots = 3
        editor = await start(backend, options={"prefetch": False})
        editor.open(U, "x = \n")
        id = editor.ask(U, (0, 4), invoked=True)
        await asked(backend, 3)
        backend.let_go()
        assert await editor.items(id) == []
        assert editor.shown() == ["fimble: Gone."]
        assert await editor.command("fimble.status")
        assert not editor.server.session.asks._ending

    async def test_beginnings_of_others_are_no_choice(self, start: Start) -> None:
        editor = await start(Scripted("foo(a)", "foo", "foo(a) ", "bar"), options={"candidates": 4})
        editor.open(U, "x = \n")
        assert await editor.texts(U, (0, 4), invoked=True) == ["foo(a)", "bar"]


class TestSelectedItem:
    async def test_the_text_begins_with_the_item_and_takes_its_range(self, start: Start) -> None:
        editor = await start(Scripted("(x)"))
        editor.open(U, "y = pri\n")
        selected = {"range": span((0, 4), (0, 7)), "text": "print"}
        (item,) = await editor.items(editor.ask(U, (0, 7), selected=selected))
        assert (item["insertText"], item["range"]) == ("print(x)", span((0, 4), (0, 7)))
        assert editor.backend.asked[0].prefix == "y = print"

    async def test_nothing_where_nothing_follows_the_item(self, start: Start) -> None:
        editor = await start(Scripted(""))
        editor.open(U, "y = pri\n")
        selected = {"range": span((0, 4), (0, 7)), "text": "print"}
        assert await editor.items(editor.ask(U, (0, 7), selected=selected)) == []

    @pytest.mark.parametrize("wrong", [span((0, 0), (0, 2)), span((0, 4), (1, 0))])
    async def test_nothing_for_a_range_elsewhere(self, start: Start, wrong: object) -> None:
        editor = await start()
        editor.open(U, "y = pri\n")
        selected = {"range": wrong, "text": "print"}
        assert await editor.items(editor.ask(U, (0, 7), selected=selected)) == []


class TestStatus:
    async def test_an_error_is_over_with_the_next_answer(self, start: Start) -> None:
        editor = await start(Scripted(UpstreamUnavailable("Too many."), "fine"), options={"prefetch": False})
        editor.open(U, "x = \n")
        assert await editor.texts(U, (0, 4)) == []
        assert editor.statuses()[-1]["kind"] == "error"
        assert editor.shown() == ["fimble: Too many."]
        assert await editor.texts(U, (0, 4)) == ["fine"]
        assert editor.statuses()[-1]["kind"] == "ready"

    async def test_which_engine_and_which_model(self, start: Start) -> None:
        editor = await start()
        await editor.until(lambda: editor.statuses() and editor.statuses()[-1]["kind"] == "ready")
        status = editor.statuses()[-1]
        assert (status["kind"], status["engine"], status["model"]) == ("ready", "local", "scripted")

    async def test_an_engine_that_answers_in_place_of_another(self, start: Start) -> None:
        editor = await start()
        why = "https://team.example does not answer."
        editor.backend.serving = Serving("local", "small", "https://team.example", why)
        editor.open(U, "x = \n")
        await editor.texts(U, (0, 4))
        status = await editor.command("fimble.status")
        assert (status["engine"], status["model"]) == ("local, while https://team.example is away", "small")
        assert status["message"] == why

    async def test_a_snooze_tells_until_when(self, start: Start) -> None:
        editor = await start()
        answer = await editor.command("fimble.snooze", {"minutes": 1})
        assert answer["seconds"] == 60
        status = await editor.command("fimble.status")
        assert (status["kind"], status["until"]) == ("snoozed", answer["until"])
        await editor.command("fimble.snooze", {"minutes": 0})
        assert (await editor.command("fimble.status"))["kind"] != "snoozed"


class TestWarming:
    async def test_only_what_the_user_is_in_is_read_ahead(self, start: Start) -> None:
        editor = await start()
        await editor.command("fimble.models")
        editor.open(U, "a = 1\n")
        await editor.texts(U, (0, 0))
        editor.change(U, ((0, 0), (0, 0), "z"))
        await editor.until(lambda: editor.backend.warmed)
        for number in range(20):  # a rename through the project
            other = f"file:///w/{number}.py"
            editor.open(other, "a = 1\n")
            editor.change(other, ((0, 0), (0, 1), "b"))
        editor.change(U, ((0, 0), (0, 0), "q"), ((0, 3), (0, 3), "q"))
        await editor.command("fimble.status")
        editor.change(U, ((0, 0), (0, 0), "y"))
        await editor.until(lambda: editor.backend.warmed[-1].prefix == "y")
        assert {request.prefix for request in editor.backend.warmed} <= {"", "z", "y"}
        assert {request.document for request in editor.backend.warmed} == {U}

    async def test_what_is_asked_for_with_the_key_is_not_read_ahead_of_that(self, start: Start) -> None:
        editor = await start()
        await editor.command("fimble.models")
        editor.open(U, "a = 1\n")
        await editor.texts(U, (0, 0))
        for typed in range(20):
            editor.change(U, ((0, typed), (0, typed), "z"))
            await editor.texts(U, (0, typed + 1))
        assert not [request for request in editor.backend.warmed if request.prefix]

    async def test_the_document_that_gets_the_focus_is_read_at_its_cursor(self, start: Start) -> None:
        editor = await start()
        await editor.command("fimble.models")
        other = "file:///w/b.py"
        editor.open(other, "b = 1\nc = 2\n")
        await editor.texts(other, (1, 5))
        editor.open(U, "a = 1\n")
        await editor.texts(U, (0, 5))
        editor.notify("textDocument/didFocus", {"textDocument": {"uri": other}})
        await editor.command("fimble.models")
        assert editor.backend.warmed[-1].prefix == "b = 1\nc = 2"

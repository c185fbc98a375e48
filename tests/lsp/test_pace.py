"""When the model is asked while somebody types: with a clock of its own, and through the server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.lsp.asks import Question
from fimble.lsp.pace import LEAST_SECONDS, LONGEST_SECONDS, WAIT, Pace
from fimble.lsp.positions import Place
from fimble.lsp.rests import Rests

from .conftest import Start
from .editor import ANSWER

U = "file:///w/a.py"
WORD = ("u", 0)


class Typist:
    """Somebody with a clock, who types."""

    def __init__(self, *gaps: float, answer: float = 0.005) -> None:
        self.now = 0.0
        self.pace = Pace(lambda: self.now)
        self.pace.answered(answer)
        self.pace.key()
        self.type(gaps)

    def type(self, gaps: Iterable[float]) -> Typist:
        for gap in gaps:
            self.now += gap
            self.pace.key()
        return self

    def delay(self, new: bool = False) -> float:
        return self.pace.delay(WORD, new)


STEADY = [0.12] * 20


class TestDelay:
    def test_a_steady_typist_with_a_fast_model_never_waits(self) -> None:
        typist = Typist()
        for gap in [0.12] * 50:
            assert typist.type([gap]).delay() == 0

    @pytest.mark.parametrize("usual", [0.06, 0.12, 0.25])
    def test_a_burst_is_what_is_fast_for_this_person(self, usual: float) -> None:
        typist = Typist(*[usual] * 40)
        assert typist.type([usual / 2]).delay() == pytest.approx(WAIT * usual, rel=0.1)
        assert typist.type([usual]).delay() == 0

    def test_something_new_is_asked_for_at_once(self) -> None:
        assert Typist(*STEADY, 0.03).delay(new=True) == 0
        assert Typist(*STEADY, 0.03, answer=0.4).delay(new=True) == 0

    def test_what_was_refused_waits_for_as_long_as_an_answer_takes(self) -> None:
        typist = Typist(*STEADY, answer=0.03)
        typist.pace.doubt(WORD)
        assert typist.delay() == pytest.approx(0.03)
        assert typist.pace.delay(("u", 9), False) == 0

    def test_an_answer_that_would_come_after_the_next_key_waits_a_little(self) -> None:
        assert Typist(*STEADY, answer=0.4).delay() == pytest.approx(WAIT * 0.12)

    def test_after_a_pause_and_after_other_edits_nothing_waits(self) -> None:
        typist = Typist(*STEADY, 3.0)
        assert typist.delay() == 0
        typist.type([0.01]).pace.edited()
        assert typist.delay() == 0

    def test_a_machine_on_its_battery_waits(self) -> None:
        assert Typist(*STEADY).pace.delay(WORD, False, saving=True) > 0

    @pytest.mark.parametrize(("debounce", "seconds"), [("off", 0), (0, 0), (150, 0.15)])
    def test_a_fixed_time(self, debounce: int, seconds: float) -> None:
        for new in (True, False):
            assert Typist(*STEADY, 0.01).pace.delay(WORD, new, debounce) == seconds

    @given(
        st.lists(st.floats(0, 100), max_size=60),
        st.floats(0, 60),
        st.booleans(),
        st.booleans(),
        st.booleans(),
    )
    def test_waits_are_short_whatever_happens(
        self, gaps: list[float], answer: float, new: bool, doubtful: bool, saving: bool
    ) -> None:
        typist = Typist(*gaps, answer=answer)
        if doubtful:
            typist.pace.doubt(WORD)
        assert LEAST_SECONDS <= typist.pace.usual <= LONGEST_SECONDS
        assert 0 <= typist.pace.delay(WORD, new, saving=saving) <= LONGEST_SECONDS
        assert typist.pace.delay(WORD, True, saving=saving) == 0


def question(before: int) -> Question:
    return Question(1, before, Place(0, before), "", False)


class TestRests:
    async def test_lasts_when_nothing_comes_in_between(self) -> None:
        rests = Rests()
        assert await rests.rest("u", question(0), 0)
        assert await rests.rest("u", question(0), 0.001)

    @pytest.mark.parametrize("ended_by", ["an edit", "another question", "the session's end"])
    async def test_ends_early(self, ended_by: str) -> None:
        rests = Rests()
        first = asyncio.create_task(rests.rest("u", question(0), 600))
        await asyncio.sleep(0)
        if ended_by == "an edit":
            rests.end("u")
        elif ended_by == "another question":
            assert await rests.rest("u", question(1), 0)
        else:
            rests.close()
        assert not await first

    async def test_the_same_question_waits_for_the_same_end(self) -> None:
        rests = Rests()
        both = [asyncio.create_task(rests.rest("u", question(0), 600)) for _ in range(2)]
        other = asyncio.create_task(rests.rest("v", question(0), 600))
        await asyncio.sleep(0)
        both[0].cancel()
        rests.end("u")
        assert not await both[1]
        assert not other.done()
        rests.close()
        assert not await other


class TestThroughTheServer:
    async def test_the_next_key_ends_the_wait(self, start: Start) -> None:
        editor = await start(options={"prefetch": False, "debounce": 2000})
        editor.open(U, "x = \n")
        waiting = editor.ask(U, (0, 4))
        editor.change(U, ((0, 4), (0, 4), "q"))
        assert await editor.items(waiting) == []
        assert await editor.texts(U, (0, 5), invoked=True) == [ANSWER]
        stats = await editor.command("fimble.stats")
        assert (stats["keys"], stats["requests"], stats["model_runs"]) == (1, 2, 3)

    async def test_a_pause_is_answered(self, start: Start) -> None:
        editor = await start(options={"prefetch": False, "debounce": 1})
        editor.open(U, "x = \n")
        assert await editor.texts(U, (0, 4)) == [ANSWER]

    async def test_a_burst_asks_once(self, start: Start) -> None:
        """A clock that stands still makes one burst of everything but the first word's steady keys."""
        editor = await start(options={"prefetch": False})
        pace, now = editor.server.session.pace, [0.0]
        pace.clock = lambda: now[0]
        editor.open(U, "\n")
        for at, key in enumerate("steadily"):
            now[0] += 10.0 if at == 0 else 0.3
            editor.change(U, ((0, at), (0, at), key))
            await editor.command("fimble.status")
        now[0] += 0.05
        asked = []
        for at, key in enumerate("burst", 8):
            editor.change(U, ((0, at), (0, at), key))
            asked.append(editor.ask(U, (0, at + 1)))
        answers = [await editor.items(id) for id in asked]
        assert [bool(items) for items in answers] == [False] * 4 + [True]
        assert len(editor.backend.asked) == 1

    async def test_counts_what_changes_under_the_cursor(self, start: Start) -> None:
        editor = await start(options={"prefetch": False})
        editor.open(U, "x = \n")
        await editor.texts(U, (0, 4))
        editor.change(U, ((0, 4), (0, 4), ANSWER[0]))
        await editor.texts(U, (0, 5))
        editor.change(U, ((0, 5), (0, 5), "?"))
        await editor.texts(U, (0, 6))
        stats = await editor.command("fimble.stats")
        assert (stats["keys"], stats["shown"], stats["changed"]) == (2, 3, 2)

    async def test_wrong_options_are_told(self, start: Start) -> None:
        for wrong in ("soon", -1, 5000, 1.5):
            editor = await start(options={"debounce": wrong})
            await editor.until(editor.shown)
            (told,) = editor.shown()
            assert "should be `auto`, `off` or milliseconds from 0 to 2,000" in told
            assert editor.server.session.options.debounce == "auto"

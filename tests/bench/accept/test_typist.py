"""The typist: what it writes, what it counts, and when a text is a new one."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from bench.accept.figures import keys_saved, keys_saved_indented, saved_more
from bench.accept.kinds import kinds_of
from bench.accept.log import Log
from bench.accept.parses import Parses, Sound
from bench.accept.passages import Place
from bench.accept.rules import Verdict
from bench.accept.typist import Typist
from fimble.engine.syntax.languages import LANGUAGES

PYTHON = LANGUAGES[0]


class Scripted:
    """Shows what a script says for the text written so far, else the rest of what it showed."""

    def __init__(self, place: Place, script: dict[str, str]) -> None:
        self._place, self._script = place, script
        self.written, self._left = "", ""

    def text(self) -> str:
        return self._place.before + self.written + self._place.after

    async def type(self, key: str) -> None:
        self._left = self._left[1:] if self._left.startswith(key) else ""
        self.written += key

    async def take(self, length: int) -> None:
        self.written += self._left[:length]
        self._left = self._left[length:]

    async def ask(self) -> str:
        self._left = self._script.get(self.written, self._left)
        return self._left


def place(typed: str, before: str = "x = 1\n", after: str = "\n") -> Place:
    kinds = tuple(kinds_of(PYTHON, before, typed, after))
    return Place("a.py", before, typed, after, "project", "python", kinds)


async def typed(text: str, script: dict[str, str]) -> Log:
    log, where = Log("python"), place(text)
    editor = Scripted(where, script)
    await Typist(editor, where, log).run()
    assert editor.written == text
    return log


async def test_what_is_right_is_taken_with_one_key() -> None:
    log = await typed("value = call(other)", {"v": "alue = call(other)"})
    assert [key.written for key in log.keys] == [1, 18]
    assert log.passages == [(19, 2)]
    assert [each.verdict for each in log.shown] == [Verdict.RIGHT]


async def test_each_word_costs_a_key_and_the_rest_is_no_new_text() -> None:
    log = await typed("value = call(other)", {"v": "alue = call(this)"})
    assert [key.written for key in log.keys][:4] == [1, 4, 2, 5]
    assert [each.verdict for each in log.shown] == [Verdict.PARTLY]
    assert len(log.keys) == 4 + len("(other)")


async def test_typing_along_shows_nothing_new_and_going_another_way_does() -> None:
    log = await typed("abc = 1", {"a": "bx", "abc": "d", "abc ": "d"})
    assert [each.characters for each in log.shown] == [2, 1, 1]
    assert {each.verdict for each in log.shown} == {Verdict.WRONG}


async def test_a_right_text_that_is_too_short_is_shown_and_not_taken() -> None:
    log = await typed("abc = 1", {"a": "bc"})
    assert [each.verdict for each in log.shown] == [Verdict.RIGHT]
    assert len(log.keys) == 7


async def test_indentation_can_be_left_to_the_editor() -> None:
    log = await typed("if x:\n    y", {})
    assert (keys_saved(log), keys_saved_indented(log)) == (0.0, 0.0)
    assert sum(key.indentation for key in log.keys) == log.indentation == 4
    log = await typed("if x:\n    yes", {"if x:": "\n    yes"})
    assert keys_saved(log) == 1 - 6 / 13
    assert keys_saved_indented(log) == 1 - 6 / 9


async def test_a_text_that_adds_a_parse_error_is_noticed() -> None:
    log = await typed("call()", {"c": "all(]"})
    assert [each.parses for each in log.shown] == [Sound(False, False)]
    log = await typed("call()", {"c": "all(x)"})
    assert [each.parses for each in log.shown] == [Sound(True, True)]
    assert Parses(place("names[find(hname)]", after="\nx = 1\n")).with_text(11, "hname") == Sound(False, True)


async def test_agreement_is_counted_in_characters() -> None:
    log = await typed("value = call(other)", {"v": "alue = call(this)"})
    assert [(each.agrees, each.characters) for each in log.shown] == [(12, 17)]


@given(
    st.text("ab (\n", min_size=1, max_size=30),
    st.dictionaries(st.integers(1, 29), st.tuples(st.integers(0, 29), st.integers(1, 30)), max_size=8),
)
async def test_keys_and_what_is_taken_make_the_passage(text: str, where: dict[int, tuple[int, int]]) -> None:
    script = {text[:at]: text[start : start + count] for at, (start, count) in where.items()}
    log = await typed(text, script)
    assert sum(key.written for key in log.keys) == len(text)
    assert log.passages == [(len(text), len(log.keys))]
    assert sum(log.characters.values()) == len(text)


async def test_variants_are_compared_passage_by_passage() -> None:
    ours = await typed("value = call(other)", {"v": "alue = call(other)"}) + await typed("abc", {})
    theirs = await typed("value = call(other)", {}) + await typed("abc", {})
    more, error = saved_more(ours, theirs)
    assert more == 17 / 22
    assert error > 0
    assert saved_more(ours, ours) == (0.0, 0.0)


class Slow(Scripted):
    """Its second answer comes only when two more keys were pressed."""

    asked = 0

    async def ask(self) -> str:
        self.asked += 1
        shown = await super().ask()
        if self.asked == 2:
            self._pressed = asyncio.Event()
            await self._pressed.wait()
        elif self.asked == 4:
            self._pressed.set()
        return shown


async def test_in_real_time_no_key_waits_for_an_answer() -> None:
    log, where = Log("python"), place("abcdef")
    editor = Slow(where, {"ab": "cdef"})
    await Typist(editor, where, log, pace=0.01).run()
    assert [each.characters for each in log.shown] == [3]
    assert [key.written for key in log.keys] == [1, 1, 1, 1, 1, 1]
    assert log.changes == 1

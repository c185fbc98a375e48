"""What a cursor stands in, told from its line; and requests that are answered without a model."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.preparing import prepare
from fimble.engine.serving import Serving
from fimble.engine.suggesting import suggested
from fimble.engine.syntax.around import Around
from fimble.engine.syntax.cursor import at_cursor, glance
from fimble.engine.syntax.place import quick_place
from fimble.engine.types import Delta, FimRequest, ModelInfo, Sampling, Timings, Usage


class Said:
    """A backend that says one text, and counts how often it was asked."""

    trims, slots = False, 1
    serving = Serving("local", "said")

    def __init__(self, text: str) -> None:
        self.text, self.asked = text, list[FimRequest]()

    async def generate(self, request: FimRequest) -> AsyncGenerator[Delta]:
        self.asked.append(request)
        yield Delta(self.text, "stop", Usage(), Timings())

    async def warm(self, request: FimRequest) -> None: ...
    async def info(self) -> ModelInfo:
        raise NotImplementedError

    async def check(self) -> ModelInfo:
        raise NotImplementedError

    async def close(self) -> None: ...


def answer(request: FimRequest, said: str = "said") -> tuple[str, list[FimRequest]]:
    backend = Said(said)

    async def whole() -> str:
        return "".join([delta.text async for delta in suggested(backend, request)])

    return asyncio.run(whole()), backend.asked


PLACES = [
    ("x = 1  # hel▮", "python", "comment"),
    ("x = '#' + a▮", "python", "code"),
    ('def f():\n    """Does\n    it ▮\n    """', "python", "string"),
    ('def f():\n    """Does it."""\n    x▮', "python", "code"),
    ('x = f"{a.▮', "python", "code"),
    ('x = f"{a.▮}"', "python", "code"),
    ('x = f"{{a▮', "python", "string"),
    ('x = f"{a} b▮', "python", "string"),
    ('x = rb"ab▮', "python", "string"),
    ("x = `a ${b.▮} c`", "javascript", "code"),
    ("x = `a ${b} ▮ c`", "javascript", "string"),
    ('import x from "./▮"', "javascript", "string"),
    ("import x from './▮\n", "typescript", "string"),
    ("let u = 'http://a'; b▮", "javascript", "code"),
    ("/*\n * a ▮\n */", "javascript", "comment"),
    ("fn f<'a>(x: &'a s▮tr) {}", "rust", "code"),
    ('echo "$(ls ▮)"', "shellscript", "code"),
    ('echo "a ▮"', "shellscript", "string"),
    ("#include <std▮>\n", "c", "code"),
    ("// see ▮", "kotlin", "comment"),
    ('val x = "a ▮"', "kotlin", "string"),
    ("val x = a▮", "kotlin", "code"),
    ("# A heading ▮", "markdown", "code"),
]


@pytest.mark.parametrize(("around", "language", "place"), PLACES)
def test_the_place(around: str, language: str, place: str) -> None:
    prefix, _, suffix = around.partition("▮")
    assert glance(Around(prefix, suffix, language)).place == place


@pytest.mark.parametrize(("around", "language", "place"), PLACES)
def test_in_comments_and_strings_the_model_is_not_asked(around: str, language: str, place: str) -> None:
    prefix, _, suffix = around.partition("▮")
    for mode in ("auto", "line", "block"):
        request = FimRequest(prefix, suffix, language, mode=mode, in_comments=False, trim=False)
        text, asked = answer(request)
        assert (text == "said", len(asked)) == ((True, 1) if place == "code" else (False, 0))


def test_where_they_are_wanted_it_is_asked() -> None:
    assert answer(FimRequest("# see ", "\n", "python", trim=False))[0] == "said"


def test_strings_are_what_is_written_in_json() -> None:
    request = FimRequest('{"na', '": 1}', "json", mode="line", in_comments=False, trim=False)
    assert answer(request)[0] == "said"


LINES = st.lists(
    st.sampled_from(
        ["x = 'a'", "f(\"b\", 'c')  # d", "# it's", "if x:  # y", "  y = '#'", '"""Does.\nIt."""', ""]
    )
)
LAST = st.sampled_from(
    ["x", "f(a, ", "f('a', b", "x = 'a", 'x = "#', "y  # a", "y = '#'  # it's", '"""a', ""]
)


@given(LINES, LAST)
def test_the_line_tells_what_the_parser_tells(lines: list[str], last: str) -> None:
    prefix = "".join(line + "\n" for line in lines) + last
    place = quick_place(Around(prefix, "\n", "python"))
    assert place in (None, at_cursor(Around(prefix, "\n", "python")).place)


class TestModes:
    @pytest.mark.parametrize(
        ("around", "language", "mode"),
        [
            ("x = foo(1)▮\n", "python", "next"),
            ("x = foo(1) ▮\n", "python", "line"),
            ("x = foo(▮)\n", "python", "line"),
            ("x = 'a▮\n", "python", "line"),
            ("def f():\n    ▮\n", "python", "block"),
            ("x = 1\n▮\n", "python", "next"),
            ("return▮;\n", "javascript", "line"),
        ],
    )
    def test_auto_is_decided_here(self, around: str, language: str, mode: str) -> None:
        prefix, _, suffix = around.partition("▮")
        assert prepare(FimRequest(prefix, suffix, language)).request.mode == mode

    def test_nothing_inside_a_word_unless_it_is_asked_for(self) -> None:
        inside = FimRequest("x = fo", "o(1)\n", "python")
        assert answer(inside) == ("", [])
        assert answer(FimRequest("x = fo", "o(1)\n", "python", invoked=True))[1]
        assert answer(FimRequest("x = fo", "o(1)\n", "python", mode="line"))[1]
        assert answer(FimRequest("x = ", "o(1)\n", "python"))[1]


class TestLinesAbove:
    """At the start of a line of code, whole lines go above it."""

    AROUND = "def f(a):\n", "    return total\n"

    def test_the_answer_ends_in_a_newline(self) -> None:
        text, (asked,) = answer(FimRequest(*self.AROUND, "python"), "    total = sum(a)\n")
        assert text == "    total = sum(a)\n"
        assert asked.suffix == "\n    return total\n"

    def test_with_the_files_own_line_ends(self) -> None:
        prefix, suffix = (text.replace("\n", "\r\n") for text in self.AROUND)
        assert answer(FimRequest(prefix, suffix, "python"), "    a = 1")[0] == "    a = 1\r\n"

    def test_nothing_stays_nothing(self) -> None:
        assert answer(FimRequest(*self.AROUND, "python"), "    return total\n")[0] == ""

    def test_the_models_own_words_stay_its_own(self) -> None:
        request = FimRequest(*self.AROUND, "python", trim=False, sampling=Sampling(seed=1))
        assert answer(request, "x")[0] == "x"

    def test_in_front_of_closing_brackets_too(self) -> None:
        assert answer(FimRequest("f(\n", ")\n", "python"), "    1,")[0] == "    1,\n"

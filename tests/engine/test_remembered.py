"""A suggestion stays right while it is typed, and for the same text again; memories are bounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.remembered import Remembered, RememberedTexts, marks, remaining
from fimble.engine.types import FimRequest


def made(text: str, prefix: str, suffix: str = "\n", left_out: int = 0) -> Remembered:
    return Remembered(text, *marks(around(prefix, suffix, left_out)))


def around(prefix: str, suffix: str = "\n", left_out: int = 0) -> FimRequest:
    return FimRequest(prefix, suffix, left_out=left_out)


def left(text: str, typed: str, suffix: str = "\n", now: str = "\n") -> str | None:
    return remaining(made(text, "x = ", suffix), around("x = " + typed, now))


@pytest.mark.parametrize(
    ("typed", "rest"), [("", "foo(a)"), ("f", "oo(a)"), ("foo(", "a)"), ("foo(a)", None), ("fx", None)]
)
def test_typing_along(typed: str, rest: str | None) -> None:
    assert left("foo(a)", typed) == rest


def test_a_bracket_that_the_editor_closes() -> None:
    assert left("foo(a, b)", "foo(", now=")\n") == "a, b"
    assert left("foo(g(a), b)", "foo(", now=")\n") == "g(a), b"
    assert left("foo(a).bar", "foo(", now=")\n") is None
    assert left('"abc"', '"', now='"\n') == "abc"


def test_other_text_around_the_cursor_makes_it_wrong() -> None:
    assert left("foo(a)", "f", now="\nmore") is None
    assert remaining(made("foo(a)", "x = "), around("y = f")) is None
    assert remaining(made("foo(a)", "x = "), around("x = f", left_out=1)) is None


@given(st.text(max_size=30), st.integers(0, 30), st.text(max_size=5))
def test_what_was_typed_and_what_is_left_make_the_suggestion(text: str, count: int, suffix: str) -> None:
    typed = text[:count]
    rest = left(text, typed, suffix, suffix)
    assert rest is None or typed + rest == text


def test_the_newest_that_fits_is_found() -> None:
    memory = RememberedTexts[Remembered](8, 8)
    memory.add("a.py", made("old", "a"))
    newest = made("bcd", "a")
    memory.add("a.py", newest)
    assert memory.find("a.py", around("ab")) == (newest, "cd")
    assert memory.find("b.py", around("ab")) is None


def test_of_each_document_the_last_few_are_known() -> None:
    memory = RememberedTexts[Remembered](2, 8)
    for prefix in ("1", "2", "3"):
        memory.add("a.py", made("x", prefix))
    assert [memory.find("a.py", around(prefix)) is not None for prefix in ("1", "2", "3")] == [
        False,
        True,
        True,
    ]


def test_the_document_that_was_not_used_for_longest_is_forgotten() -> None:
    memory = RememberedTexts[Remembered](8, 2)
    memory.add("a.py", made("x", ""))
    memory.add("b.py", made("x", ""))
    assert memory.find("a.py", around("")) is not None
    memory.add("c.py", made("x", ""))
    assert len(memory) == 2
    assert [memory.find(name, around("")) is not None for name in ("a.py", "b.py", "c.py")] == [
        True,
        False,
        True,
    ]


def test_a_document_can_be_forgotten() -> None:
    memory = RememberedTexts[Remembered](8, 8)
    memory.add("a.py", made("x", ""))
    memory.forget("a.py")
    memory.forget("b.py")
    assert len(memory) == 0

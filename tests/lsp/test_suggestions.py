"""A suggestion stays right while it is typed, and for the same text again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.lsp.positions import Place
from fimble.lsp.snapshot import Snapshot
from fimble.lsp.suggestions import Suggestion, SuggestionMemory, remaining


def left(text: str, typed: str, suffix: str = "\n", now: str = "\n") -> str | None:
    return remaining(Suggestion.made("s", text, snapshot("x = ", suffix)), snapshot("x = " + typed, now))


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


def test_other_text_behind_the_cursor_makes_it_wrong() -> None:
    assert left("foo(a)", "f", now="\nmore") is None


@given(st.text(max_size=30), st.integers(0, 30), st.text(max_size=5))
def test_what_was_typed_and_what_is_left_make_the_suggestion(text: str, count: int, suffix: str) -> None:
    typed = text[:count]
    rest = left(text, typed, suffix, suffix)
    assert rest is None or typed + rest == text


def snapshot(prefix: str, suffix: str = "") -> Snapshot:
    place = Place(0, len(prefix))
    return Snapshot("u", 1, "python", prefix, suffix, 0, len(suffix), place, place)


def test_memory_finds_the_newest_that_fits() -> None:
    memory = SuggestionMemory()
    memory.add("old", snapshot("a"))
    new = memory.add("bcd", snapshot("a"))
    found = memory.find(snapshot("ab"))
    assert found is not None
    assert (found.id, found.text, found.before) == (new.id, "cd", 2)


def test_memory_goes_back_to_an_earlier_one_after_a_correction() -> None:
    memory = SuggestionMemory()
    memory.add("print(x)", snapshot(""))
    memory.add("nothing", snapshot("pq"))
    found = memory.find(snapshot("p"))
    assert found is not None
    assert found.text == "rint(x)"


def test_memory_knows_that_there_was_nothing() -> None:
    memory = SuggestionMemory()
    memory.add("", snapshot("a"))
    found = memory.find(snapshot("a"))
    assert found is not None
    assert found.text == ""
    assert memory.find(snapshot("ab")) is None


def test_memory_is_bounded() -> None:
    memory = SuggestionMemory()
    for i in range(100):
        memory.add("x", snapshot(f"{i} "))
    assert memory.find(snapshot("0 ")) is None


def test_an_acceptance_is_told_once() -> None:
    memory = SuggestionMemory()
    made = memory.add("abc", snapshot("x = "))
    assert memory.accept(made.id) is None, "it was not offered"
    memory.offer(made)
    assert memory.accept(made.id) == made
    assert memory.accept(made.id) is None

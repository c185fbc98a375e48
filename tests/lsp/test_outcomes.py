"""What became of a suggestion, told from the text alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.lsp.limits import OUTCOMES_KEPT
from fimble.lsp.outcomes import Outcomes
from fimble.lsp.positions import Place
from fimble.lsp.snapshot import Snapshot
from fimble.lsp.suggestions import Suggestion, SuggestionMemory


def snapshot(prefix: str, suffix: str = "\n", uri: str = "u") -> Snapshot:
    place = Place(0, len(prefix))
    return Snapshot(uri, 1, "python", prefix, suffix, 0, len(suffix), place, place)


def shown(text: str, prefix: str = "x = ") -> tuple[Outcomes, Suggestion]:
    outcomes = Outcomes()
    suggestion = SuggestionMemory().add(text, snapshot(prefix))
    outcomes.shown(suggestion)
    return outcomes, suggestion


@pytest.mark.parametrize(
    ("prefix", "suffix", "told"),
    [
        ("x = ", "\n", ()),
        ("x = fo", "\n", ()),
        ("x = foo(a)", "\n", (True,)),
        ("x = foo(a) + 1", "\n", (True,)),
        ("x = fox", "\n", (False,)),
        ("x = foo(a", ")\n", ()),
        ("x = foo(b", ")\n", (False,)),
        ("x =", "\n", ()),
        ("y = foo(b", "\n", ()),
        ("x = \nfoo(b", "", ()),
    ],
)
def test_what_the_text_tells(prefix: str, suffix: str, told: tuple[bool, ...]) -> None:
    outcomes, _ = shown("foo(a)")
    outcomes.look(snapshot(prefix, suffix))
    assert outcomes.of("u") == told
    assert outcomes.of("another") == ()


def test_what_is_left_of_a_suggestion_is_the_same_one() -> None:
    outcomes, memory = Outcomes(), SuggestionMemory()
    outcomes.shown(memory.add("foo(a)", snapshot("x = ")))
    for typed in ("f", "fo", "foo"):
        now = snapshot("x = " + typed)
        outcomes.look(now)
        left = memory.find(now)
        assert left is not None
        outcomes.shown(left)
    outcomes.look(snapshot("x = foo["))
    assert outcomes.of("u") == (False,)


def test_one_that_was_taken_in_part_was_taken() -> None:
    outcomes, suggestion = shown("foo(a)")
    outcomes.accepted(suggestion)
    outcomes.accepted(suggestion)
    outcomes.look(snapshot("x = foo[0]"))
    assert outcomes.of("u") == (True,)


def test_who_goes_elsewhere_has_not_decided() -> None:
    outcomes = Outcomes()
    outcomes.shown(SuggestionMemory().add("foo(a)", snapshot("x = ", "\ny = ")))
    outcomes.look(snapshot("x = \ny = ", ""))
    outcomes.look(snapshot("x = nothing", "\ny = "))
    assert outcomes.of("u") == ()


def test_a_closed_document_has_no_history() -> None:
    outcomes, suggestion = shown("foo(a)")
    outcomes.accepted(suggestion)
    outcomes.forget("u")
    assert outcomes.of("u") == ()


@given(st.lists(st.tuples(st.text("ab", min_size=1, max_size=3), st.text("ab", max_size=4))))
def test_the_newest_stands_first_and_few_are_kept(rounds: list[tuple[str, str]]) -> None:
    """Each round shows a text and types another one in its place, and a space."""
    outcomes, memory, expected = Outcomes(), SuggestionMemory(), list[bool]()
    prefix = ""
    for text, typed in rounds:
        outcomes.shown(memory.add(text, snapshot(prefix)))
        prefix += typed + " "
        outcomes.look(snapshot(prefix))
        expected.insert(0, typed.startswith(text))
    assert outcomes.of("u") == tuple(expected[:OUTCOMES_KEPT])

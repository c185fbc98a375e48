"""llama.vim's cache: what it knows without asking, as its source has it."""

from __future__ import annotations

import json
from string import ascii_lowercase

from hypothesis import given
from hypothesis import strategies as st

from bench.replay import Passage
from bench.sheet import LINES_ABOVE, LINES_BELOW, Sheet
from bench.vim import CACHE_KEYS, LOOK_BACK, Cache, Context, context_of, request_of

BELOW = "\nend\n"


def at(before: str, below: str = BELOW) -> Context:
    above, newline, line = before.rpartition("\n")
    return Context(above + newline, line, below, 0)


def test_the_same_text_is_known_and_another_is_not() -> None:
    cache = Cache()
    cache.insert(at("a = "), "1")
    assert cache.find(at("a = ")) == "1"
    assert cache.find(at("b = ")) is None
    assert cache.find(at("a = ", "\nother\n")) is None


def test_an_empty_answer_is_an_answer_and_covers_no_other_text() -> None:
    cache = Cache()
    cache.insert(at("a = "), "")
    assert cache.find(at("a = ")) == ""
    assert cache.find(at("a = 1")) is None


@given(st.text(ascii_lowercase + "\n", min_size=1, max_size=LOOK_BACK + 20), st.integers(1, LOOK_BACK + 20))
def test_typing_along_is_known_until_the_answer_is_typed_or_too_far_back(answer: str, typed: int) -> None:
    cache = Cache()
    cache.insert(at("x = "), answer)
    rest = answer[typed:] if typed <= LOOK_BACK else ""
    assert (cache.find(at("x = " + answer[:typed])) or "") == rest


def test_typing_something_else_is_not_known() -> None:
    cache = Cache()
    cache.insert(at("x = "), "value")
    assert cache.find(at("x = va")) == "lue"
    assert cache.find(at("x = vo")) is None


def test_the_longest_rest_is_found() -> None:
    cache = Cache()
    cache.insert(at("x"), " = 1")
    cache.insert(at("x "), "= 100")
    assert cache.find(at("x =")) == " 100"


def test_an_answer_counts_where_up_to_three_lines_have_scrolled_out() -> None:
    cache = Cache()
    cache.insert(at("1\n2\n3\n4\n5\nx = "), "1")
    assert cache.find(at("4\n5\nx = ")) == "1"
    assert cache.find(at("5\nx = ")) is None


def test_the_least_recently_used_goes() -> None:
    cache = Cache(3)
    for name in "abc":
        cache.insert(at(name), name)
    cache.find(at("a"))
    cache.insert(at("d"), "d")
    assert len(cache) == 3
    assert cache.find(at("b")) is None
    assert cache.find(at("a")) == "a"
    assert CACHE_KEYS == 250


def test_a_line_of_spaces_counts_as_empty() -> None:
    sheet = Sheet(Passage("a.py", "def f():\n", "", "\n"))
    empty = context_of(sheet)
    sheet.type(" ")
    assert context_of(sheet) == empty
    sheet.type("x")
    assert context_of(sheet).line == " x"
    assert context_of(sheet).indent == 1


def test_the_request_has_the_lines_around_the_cursor() -> None:
    lines = [f"line {number}" for number in range(400)]
    sheet = Sheet(Passage("a.py", "\n".join(lines) + "\n    x", "", " rest\n" + "\n".join(lines)))
    body = json.loads(request_of(context_of(sheet)))
    assert body["prompt"] == "    x"
    assert body["input_prefix"].splitlines() == lines[-LINES_ABOVE:]
    assert body["input_suffix"].splitlines() == [" rest", *lines[:LINES_BELOW]]
    assert "id_slot" not in body

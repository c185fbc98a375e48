"""Kinds of place."""

from __future__ import annotations

import pytest

from bench.accept.kinds import COMMENT, END, INSIDE, REST, SIGN, START, STRING, WORD, kinds_of
from fimble.engine.syntax.languages import find_language


def kind(marked: str, language: str = "python", rest: str = "\n") -> str:
    """The kind at the mark ``|``."""
    spec = find_language(language)
    assert spec is not None
    before, _, typed = marked.partition("|")
    return kinds_of(spec, before, typed, rest)[0]


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("va|lue = 1", INSIDE),
        ("value| = 1", WORD),
        ("value = |1", SIGN),
        ("if x:\n    |y = 1", START),
        ("value = 1|", END),
        ("x = 1  # wh|y", COMMENT),
        ("x = 1  # why|", COMMENT),
        ("x = 'a |b'", STRING),
        ("x = |'a b'", SIGN),
        ("x = f'a {va|lue}'", INSIDE),
        ("x = f'a| {value}'", STRING),
    ],
)
def test_python(marked: str, expected: str) -> None:
    assert kind(marked) == expected


@pytest.mark.parametrize(
    ("language", "marked", "expected"),
    [
        ("javascript", "const a = `x| ${y}`;", STRING),
        ("javascript", "const a = `x ${y|y}`;", INSIDE),
        ("typescript", "let a = 1; /* wh|y */", COMMENT),
        ("go", 'var a = "x|y"', STRING),
        ("rust", "/// wh|y\nfn a() {}", COMMENT),
        ("rust", 'let a = "x|y";', STRING),
        ("java", 'class A { String a = "x|y"; }', STRING),
        ("c", 'char *a = "x|y";', STRING),
        ("c", "int a; // wh|y", COMMENT),
    ],
)
def test_other_languages(language: str, marked: str, expected: str) -> None:
    assert kind(marked, language) == expected


def test_text_behind_the_cursor_counts_first() -> None:
    assert kind("call(va|lue", rest=")\n") == REST
    assert kind("é = '𝄞'; va|lue") == INSIDE

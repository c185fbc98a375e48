"""What stands at a cursor, grammars for every language, outlines of files."""

from __future__ import annotations

import pytest

from fimble.engine.syntax.cursor import at_cursor
from fimble.engine.syntax.languages import LANGUAGES, LanguageSpec, find_language
from fimble.engine.syntax.outline import outline
from fimble.engine.syntax.tree import SyntaxTree


def context(around: str, language: str) -> tuple[str, bool]:
    prefix, _, suffix = around.partition("▮")
    found = at_cursor(prefix, suffix, language, "")
    return found.place, found.block


@pytest.mark.parametrize("spec", LANGUAGES, ids=lambda spec: spec.id)
def test_every_grammar_parses(spec: LanguageSpec) -> None:
    tree = SyntaxTree(spec, b"\n")
    assert tree.root.end_byte == 1
    assert find_language(spec.id) is spec
    assert all(find_language("", "dir/a" + ending) is spec for ending in spec.extensions)


def test_languages_by_name() -> None:
    assert find_language("py").id == "python"
    assert find_language("", "C:\\x\\Rakefile").id == "ruby"
    assert find_language("klingon", "a.klingon") is None


@pytest.mark.parametrize(
    ("around", "language", "place"),
    [
        ("x = ▮", "python", "code"),
        ("x = 'ab▮c'", "python", "string"),
        ("x = f'{a▮}'", "python", "code"),
        ("# hel▮", "python", "comment"),
        ('def f():\n    """Does ▮\n    """', "python", "string"),
        ("// hel▮lo\n", "javascript", "comment"),
        ("let s = `a ${x▮} b`", "javascript", "code"),
        ("/* a ▮ b */", "rust", "comment"),
        ("anything ▮ at all", "plaintext", "code"),
    ],
)
def test_places(around: str, language: str, place: str) -> None:
    assert context(around, language)[0] == place


@pytest.mark.parametrize(
    ("around", "language", "block"),
    [
        ("def f(a):▮", "python", True),
        ("def f(a):\n    ▮\n", "python", True),
        ("def f(a):\n    ▮\n    return a\n", "python", False),
        ("def f(a▮):\n", "python", False),
        ("x = {1: ▮}", "python", False),
        ("# see below:▮", "python", False),
        ("function f() {▮}", "javascript", True),
        ("const f = () => {\n  ▮\n}", "javascript", True),
        ("func f() {\n\t▮\n}\n", "go", True),
        ("if x then\n  ▮\nend", "lua", True),
        ("if true; then\n  ▮\nfi\n", "shellscript", True),
        ("def foo\n  ▮", "ruby", True),
        ("a = 1\n▮", "python", False),
    ],
)
def test_blocks(around: str, language: str, block: bool) -> None:
    assert context(around, language)[1] is block


def test_an_outline_has_signatures_and_no_bodies() -> None:
    source = b'''import os

class Shape:
    """A shape."""
    sides = 0
    def area(self, unit: str = "m") -> float:
        total = 0
        def inner(): pass
        return total

async def load(path):
    return path
'''
    tree = SyntaxTree(find_language("python"), source)
    assert outline(tree, source, 500).splitlines() == [
        "class Shape:",
        '    def area(self, unit: str = "m") -> float:',
        "async def load(path):",
    ]
    assert outline(tree, source, 20) == "class Shape:\n"


@pytest.mark.parametrize(
    ("language", "source", "lines"),
    [
        ("typescript", "export interface A { x: number }\nexport class B { go(): void {} }\n", 2),
        ("go", "package p\n\ntype T struct { a int }\n\nfunc (t T) Go(x int) int { return x }\n", 2),
        ("rust", "pub struct S { a: i32 }\nimpl S { fn go(&self) {} }\n", 2),
        ("java", "class A { int go(int x) { return x; } }\n", 1),
        ("cpp", "class A { public: int go(); };\nint f(int a) { return a; }\n", 2),
    ],
)
def test_outlines_in_other_languages(language: str, source: str, lines: int) -> None:
    tree = SyntaxTree(find_language(language), source.encode())
    assert len(outline(tree, source.encode(), 500).splitlines()) >= lines

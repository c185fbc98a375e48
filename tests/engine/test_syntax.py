"""What stands at a cursor, grammars for every language, outlines of files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.syntax import cursor
from fimble.engine.syntax.around import Around
from fimble.engine.syntax.cursor import at_cursor, wants_block
from fimble.engine.syntax.languages import LANGUAGES, LanguageSpec, find_language
from fimble.engine.syntax.outline import outline
from fimble.engine.syntax.tree import SyntaxTree


def context(around: str, language: str) -> tuple[str, bool]:
    prefix, _, suffix = around.partition("▮")
    found = at_cursor(Around(prefix, suffix, language))
    return found.place, found.block


@pytest.mark.parametrize("spec", LANGUAGES, ids=lambda spec: spec.id)
def test_every_grammar_parses(spec: LanguageSpec) -> None:
    tree = SyntaxTree(spec, b"\n")
    assert tree.root.end_byte == 1
    assert find_language(spec.id) is spec
    assert all(find_language("", "dir/a" + ending) is spec for ending in spec.extensions)


def test_a_missing_end_of_line_is_an_error() -> None:
    spec = find_language("python", "")
    assert spec is not None
    assert SyntaxTree(spec, b"x = f(1)\ny\n").errors() == 0
    assert SyntaxTree(spec, b"x = f(1, 2)y\n").errors() == 1


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
        ("def f(\n    a,\n) -> int:\n    ▮\n\nx = 1\n", "python", True),
        ('def f():\n    """Does it."""\n    ▮', "python", True),
        ("def f():\n    # first, count\n    ▮\n\n\ndef g(): pass\n", "python", True),
        (
            "class A:\n    def f(self):\n        pass\n\n    ▮\n\n    def g(self):\n        pass\n",
            "python",
            True,
        ),
        ("def f():\n    pass\n\n\n▮", "python", True),
        ("class A:\n    size = 1\n    ▮\n", "python", False),
        ("def f():\n    ret▮", "python", False),
        ("try:\n    ▮\n", "python", True),
        ("for x in y:\n    if x:\n        z()\n    else:▮", "python", True),
        ('print(f"{▮}")', "python", False),
        ('print(f"{x:▮}")', "python", False),
        ("y = x if b else ▮", "python", False),
        ("y = x if b else▮", "python", False),
        ("x = {▮}", "python", False),
        ("x = [▮", "python", False),
        ("f(▮", "python", False),
        ("f(\n    ▮\n)", "python", True),
        ("x = {\n    ▮\n}\n", "python", True),
        ("x = [\n    1,\n    ▮\n]\n", "python", False),
        ("x = lambda: ▮", "python", False),
        ("const x = {▮};", "javascript", False),
        ("if (a) {\n  ▮\n} else {\n  b();\n}", "javascript", True),
        ("if (a) {\n  b();\n} else {▮}", "javascript", True),
        ("switch (a) {\n  case 1:\n    ▮\n}", "javascript", True),
        ("const f = () => ▮", "javascript", True),
        ("const s = `${▮}`;", "javascript", False),
        ("const y = a ? b : ▮", "javascript", False),
        ("class A {\n  f(): void {}\n\n  ▮\n\n  g(): void {}\n}\n", "typescript", True),
        ("interface A {\n  ▮\n}\n", "typescript", True),
        ("class A {\n    ▮\n}\n", "java", True),
        ("class A {\n    int f() {\n        ▮\n    }\n}\n", "java", True),
        ("class A {\n    int f() {\n        return ▮\n    }\n}\n", "java", False),
        ("class A {\n    void F() {\n        ▮\n    }\n}\n", "csharp", True),
        ("package p\n\nvar x = []int{▮}\n", "go", False),
        ("fn f(\n    a: i32,\n) -> i32 {\n    ▮\n}\n", "rust", True),
        ("fn f() {\n    let x = vec![▮];\n}\n", "rust", False),
        ("int f(void)\n{\n    ▮\n}\n", "c", True),
        ("int f(void)\n{\n    return 1;\n    ▮\n}\n", "c", False),
        ("struct A {\n    ▮\n};\n", "cpp", True),
        ("class A\n  def f\n    1\n  end\n\n  ▮\nend\n", "ruby", True),
        ("items.each do |item|\n  ▮\nend\n", "ruby", True),
        ("items.each do |item|▮", "ruby", True),
        ("<?php\nfunction f() {\n    ▮\n}\n", "php", True),
        ("for i = 1, 2 do▮", "lua", True),
        ("f() {\n  ▮\n}\n", "shellscript", True),
        ("while true; do\n  ▮\ndone\n", "shellscript", True),
        (".a {\n  ▮\n}\n", "css", True),
        ("jobs:▮\n", "yaml", True),
        ("anything {▮", "plaintext", True),
        ("anything (▮", "plaintext", False),
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


HEADS = st.lists(
    st.sampled_from(
        [
            "def f",
            "(",
            "):",
            " ",
            "if x",
            "else",
            " do",
            " then",
            "# a",
            "// a",
            "-- a",
            "{",
            "}",
            '"',
            "x",
            "\n",
        ]
    ),
    max_size=12,
).map("".join)


@given(HEADS, st.sampled_from(["", ")", " + 1", "\n  x", "\nend"]), st.sampled_from([*LANGUAGES, None]))
def test_a_block_is_wanted_where_the_parser_says_so(
    head: str, suffix: str, spec: LanguageSpec | None
) -> None:
    language = spec.id if spec else "klingon"
    assert wants_block(Around(head, suffix, language)) == at_cursor(Around(head, suffix, language)).block


@pytest.mark.parametrize(("prefix", "suffix"), [("def f():\n    retur", ")\n"), ("x = ", "y\n")])
def test_in_the_middle_of_a_word_or_of_a_line_nothing_is_parsed(
    prefix: str, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cursor, "at_cursor", None)
    assert not wants_block(Around(prefix, suffix, "python"))

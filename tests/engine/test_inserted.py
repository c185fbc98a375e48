"""Texts that are put into a tree one after the other: each is parsed as if it stood there from the start."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.syntax.around import Around
from fimble.engine.syntax.inserted import InsertedTree
from fimble.engine.syntax.languages import find_language
from fimble.engine.syntax.tree import SyntaxTree

AROUND = {
    "python": ('class A:\n    """é"""\n\n    def f(self):\n        ', "\n\n    def g(self):\n        go()\n"),
    "go": ("package p\n\nfunc f(a int) int {\n\tif a > 0 {\n\t\t", "\n\t}\n\treturn 1\n}\n"),
    "typescript": ("export class A {\n  m(): string {\n    const t = `😀 ", "`;\n    return t;\n  }\n}\n"),
    "rust": ("impl A {\n    fn f<'a>(&'a self) -> u8 {\n        ", "\n    }\n}\n"),
}  # fmt: skip
TEXTS = st.lists(
    st.text(st.sampled_from("ab1 \n\t\r(){}[]:;,.\"'`\\#/*=<>$é😀\ud800"), max_size=20)
    | st.sampled_from(["pass", "x()", "return x", "if x:\n    y", "let a = (", "}", '"""', ""]),
    max_size=8,
)


@pytest.mark.parametrize("language", AROUND)
@given(texts=TEXTS)
def test_each_text_is_parsed_as_if_it_stood_there_from_the_start(language: str, texts: list[str]) -> None:
    before, after = AROUND[language]
    spec = find_language(language)
    assert spec is not None
    tree = InsertedTree(spec, before, after)
    for text in [*texts, ""]:
        whole = SyntaxTree(spec, (before + text + after).encode("utf-8", "replace"))
        assert tree.put(text).errors() == whole.errors()
        assert str(tree.put(text).root) == str(whole.root)


def test_what_was_parsed_is_not_parsed_again() -> None:
    around = Around("def f():\n    ", "\n", "python")
    assert around.tree is not None
    assert around.tree is around.tree
    assert around.quotes is around.quotes


def test_without_a_grammar_there_is_no_tree() -> None:
    assert Around("a '''b", "", "klingon").tree is None
    assert not Around("a '''b", "", "klingon").quotes.open_closer

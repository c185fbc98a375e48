"""Texts that are put into a tree one after the other: each is parsed as if it stood there from the start."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.limits import SYNTAX_KEPT
from fimble.engine.syntax.around import Around, RecentSyntax
from fimble.engine.syntax.cursor import glance
from fimble.engine.syntax.inserted import InsertedTree
from fimble.engine.syntax.languages import find_language
from fimble.engine.syntax.neighbourhood import Neighbourhood
from fimble.engine.syntax.tree import SyntaxTree
from fimble.engine.types import FimRequest

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


class TestRecent:
    @staticmethod
    def request(prefix: str, suffix: str, language: str, left_out: int = 0) -> FimRequest:
        return FimRequest(prefix, suffix, language, document="d", left_out=left_out)

    @pytest.mark.parametrize("language", AROUND)
    @given(
        keys=st.text("ab1 (){}[]:;,.\"'`#/*<>$é\n", max_size=30),
        texts=TEXTS,
        ahead=st.sampled_from(["", "x = "]),
    )
    def test_what_was_parsed_for_the_keys_before_serves_the_next(
        self, language: str, keys: str, texts: list[str], ahead: str
    ) -> None:
        before, after = AROUND[language]
        recent = RecentSyntax()
        for end in range(len(keys) + 1):
            prefix = before + ahead + keys[:end]
            around, alone = (
                each(self.request(prefix, after, language)) for each in (recent.around, Around.of)
            )
            assert glance(around) == glance(alone)
            assert around.tree is not None
            assert alone.tree is not None
            assert around.quotes.open_closer == alone.quotes.open_closer
            for text in [*texts, ""]:
                assert str(around.tree.put(text).root) == str(alone.tree.put(text).root)

    def test_keys_in_a_line_of_code_parse_nothing_anew(self, monkeypatch: pytest.MonkeyPatch) -> None:
        recent = RecentSyntax()
        before, after = AROUND["python"]
        assert recent.around(self.request(before + "x", after, "python")).tree is not None
        monkeypatch.setattr(Neighbourhood, "of", None)
        for typed in ("x", "x ", "x = f(a, "):
            around = recent.around(self.request(before + typed, after, "python"))
            assert around.tree is not None
            assert around.tree.before == before + typed

    def test_what_is_prepared_ahead_of_the_user_takes_nothing_away(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        recent = RecentSyntax()
        before, after = AROUND["python"]
        assert recent.around(self.request(before + "x", after, "python")).tree is not None
        monkeypatch.setattr(Neighbourhood, "of", None)
        ahead = replace(self.request(before + "x = f()", after, "python"), ahead=True)
        for request in (ahead, self.request(before + "xy", after, "python")):
            around = recent.around(request)
            assert around.tree is not None
            assert around.tree.before == request.prefix

    def test_what_was_given_out_stays_as_it_is(self) -> None:
        recent = RecentSyntax()
        before, after = AROUND["go"]
        first = recent.around(self.request(before + "a", after, "go"))
        assert first.tree is not None
        errors = first.tree.put(" := 1").errors()
        second = recent.around(self.request(before + "ab", after, "go"))
        assert second.tree is not None
        second.tree.put(" := (")
        assert first.tree.put("").errors() == Around(before + "a", after, "go").tree.put("").errors()
        assert first.tree.put(" := 1").errors() == errors

    @pytest.mark.parametrize(
        ("earlier", "later"),
        [
            (("x = 1", "\n", 0), ("x = 1", "\ny\n", 0)),
            (("x = 1", "\n", 0), ("x = 12", "\n", 5)),
            (("x = 12", "\n", 0), ("x = 1", "\n", 0)),
            (("x = ", "\n", 0), ("x = '", "\n", 0)),
            (("x = 1", "\n", 0), ("x = 1\n", "\n", 0)),
            (("    ", "\n", 0), ("    e", "\n", 0)),
        ],
    )
    def test_everything_else_is_parsed_anew(
        self, earlier: tuple[str, str, int], later: tuple[str, str, int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        recent, made = RecentSyntax(), list[str]()
        of = Neighbourhood.of

        def noted(prefix: str, *others: Any) -> Neighbourhood:
            made.append(prefix)
            return of(prefix, *others)

        monkeypatch.setattr(Neighbourhood, "of", noted)
        for prefix, suffix, left_out in (earlier, later):
            assert recent.around(self.request(prefix, suffix, "python", left_out)).tree is not None
        assert made == [earlier[0], later[0]]

    def test_only_so_many_documents_are_remembered(self) -> None:
        recent = RecentSyntax()
        for number in range(3 * SYNTAX_KEPT):
            recent.around(FimRequest("x", "", "python", document=str(number)))
        assert len(recent._last) == SYNTAX_KEPT

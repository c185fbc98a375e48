"""What is parsed around a cursor: near text and the blocks around it, with no error that the file has not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fimble.engine.limits import FAR_CHARACTERS
from fimble.engine.preparing import prepare
from fimble.engine.syntax.around import Around
from fimble.engine.syntax.cursor import at_cursor
from fimble.engine.syntax.languages import LANGUAGES, LanguageSpec, find_language
from fimble.engine.syntax.neighbourhood import Neighbourhood
from fimble.engine.syntax.quotes import Quotes
from fimble.engine.syntax.tree import SyntaxTree
from fimble.engine.types import FimRequest

PYTHON_METHOD = '''    def method_{i}(
        self, value: int,
    ) -> int:
        """Does one thing.

        For example::

            if value:
                print("it's {i}")
        """
        text = """
select {i}
from table
"""
        try:
            return self.use(
                [value, {i}],
                text,
            )
        except ValueError:
            return {i}

'''
PYTHON = (
    '"""A module.\n\nclass Foo is described here.\n"""\n\n\nclass A:\n'
    + "".join(PYTHON_METHOD.replace("{i}", str(i)) for i in range(60))
    + "\n\nTABLE = {\n"
    + "".join(f'    "key {i}": [{i}, None],\n' for i in range(600))
    + "}\n"
)
SCRIPT_METHOD = """  /**
   * Does one thing.
   */
  method{i}(
    value: number,
  ): string {
    const text = `
select {i}
from ${value}`;
    if (value) {
      return this.use([value, {i}], () => {
        go({i});
      });
    } else {
      return text;
    }
  }

"""
SCRIPT = "export class A {\n" + "".join(SCRIPT_METHOD.replace("{i}", str(i)) for i in range(80)) + "}\n"
GO_FUNCTION = (
    "// f{i} does one thing.\nfunc f{i}(a int) (int, error) {\n\tif a > {i} {\n\t\treturn {i}, nil\n\t}\n"
)
GO = "package p\n\n" + "".join(
    GO_FUNCTION.replace("{i}", str(i)) + "\treturn 0, nil\n}\n\n" for i in range(250)
)
FILES = {"python": PYTHON, "typescript": SCRIPT, "go": GO}


def spec_of(language: str) -> LanguageSpec:
    spec = find_language(language)
    assert spec is not None
    return spec


@pytest.mark.parametrize("language", FILES)
def test_a_sound_file_has_no_unsound_windows(language: str) -> None:
    text, spec = FILES[language], spec_of(language)
    assert SyntaxTree(spec, text.encode()).errors() == 0
    assert len(text) > FAR_CHARACTERS
    line_ends = [at for at, char in enumerate(text) if char == "\n"]
    unsound = []
    for at in line_ends[::19]:
        around = Neighbourhood.of(text[:at], text[at:], spec, Quotes.read(text[:at], spec))
        assert len(around.before) + len(around.after) <= 2 * FAR_CHARACTERS
        if SyntaxTree(spec, (around.before + around.after).encode()).errors():
            unsound.append(text[:at].count("\n"))
    assert unsound == []


def test_text_and_code_are_told_apart_far_from_the_file_s_top() -> None:
    places = {
        "        Does one": "string", "            if val": "string", "select": "string",
        "        try": "code", "                text,": "code", "    def meth": "code",
    }  # fmt: skip
    for words, place in places.items():
        at = -1
        for _ in range(40):
            at = PYTHON.find("\n" + words, at + 1)
            if at < 0:
                break
            end = at + 1 + len(words)
            assert at_cursor(Around(PYTHON[:end], PYTHON[end:], "python")).place == place, (words, end)


@pytest.mark.parametrize("cut", [9_000, 9_100, 9_200, 9_300, 9_400])
def test_a_file_whose_top_was_cut_off(cut: int) -> None:
    at = PYTHON.find("        try:\n", 20_000)
    found = at_cursor(Around(PYTHON[cut:at], PYTHON[at:], "python", left_out=cut))
    assert found.place == "code"
    at = PYTHON.find("For example::\n", 20_000)
    assert at_cursor(Around(PYTHON[cut:at], PYTHON[at:], "python", left_out=cut)).place == "string"


LINES = st.lists(
    st.tuples(
        st.sampled_from(["", "  ", "    ", "\t", "        "]),
        st.sampled_from(
            ["if x:", "else:", "}", "{", "f(", ")", '"""', "'", "`", "x = 1", "/*", "*/", "end", "", "é😀"]
        ),
    ),
    max_size=300,
).map(lambda lines: "\n".join(blanks + text for blanks, text in lines))


@settings(max_examples=150, deadline=None)
@given(LINES, LINES, st.sampled_from(LANGUAGES), st.sampled_from([0, 7]))
def test_any_text_has_a_neighbourhood_that_meets_at_the_cursor(
    prefix: str, suffix: str, spec: LanguageSpec, left_out: int
) -> None:
    prefix *= 9
    quotes = (Quotes.read_rest if left_out else Quotes.read)(prefix, spec)
    around = Neighbourhood.of(prefix, suffix, spec, quotes)
    assert around.before.endswith(prefix[-1_000:])
    assert around.after.startswith(suffix.partition("\n")[0])


@settings(max_examples=150, deadline=None)
@given(LINES, LINES, st.sampled_from(["python", "javascript", "ruby", "plaintext"]))
def test_line_ends_decide_nothing(prefix: str, suffix: str, language: str) -> None:
    request = FimRequest(prefix, suffix, language)
    windows = FimRequest(prefix.replace("\n", "\r\n"), suffix.replace("\n", "\r\n"), language)
    assert prepare(windows).request == prepare(request).request


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200), st.text(max_size=200), st.sampled_from(LANGUAGES))
def test_any_text_has_a_place(prefix: str, suffix: str, spec: LanguageSpec) -> None:
    assert at_cursor(Around(prefix, suffix, spec.id)).place in ("code", "comment", "string")

"""From what a model wrote to what is shown. The cursor is ``▮``; what the model wrote is fed in pieces."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fimble.engine.trim import Trimmer
from fimble.engine.trim.checker import SyntaxChecker
from fimble.engine.types import FimRequest, FinishReason, Mode


def trim(
    around: str,
    written: str,
    language: str = "python",
    mode: Mode = "block",
    reason: FinishReason = "stop",
    pieces: int = 3,
) -> str:
    prefix, _, suffix = around.partition("▮")
    trimmer = Trimmer(FimRequest(prefix, suffix, language, mode=mode))
    shown = ""
    for at in range(0, len(written), pieces):
        shown += trimmer.feed(written[at : at + pieces])
        if trimmer.done:
            break
    return shown + trimmer.finish(reason)


def test_a_plain_line_is_kept_and_loses_trailing_blanks() -> None:
    assert trim("x = ▮\n", "compute(1, 2)  ", mode="line") == "compute(1, 2)"


def test_nothing_but_blanks_is_nothing() -> None:
    assert trim("x = 1▮\n", "   \n\n  ") == ""


class TestBrackets:
    def test_a_closer_that_the_editor_put_in_is_not_doubled(self) -> None:
        assert trim("foo(▮)\n", "a, b)", mode="line") == "a, b"

    def test_a_closer_that_is_missing_is_kept(self) -> None:
        assert trim("foo(▮\n", "a, b)", mode="line") == "a, b)"

    def test_closers_of_the_suggestion_itself_are_kept(self) -> None:
        assert trim("foo(▮)\n", "bar(1), baz[2]", mode="line") == "bar(1), baz[2]"

    def test_several_closers(self) -> None:
        assert trim("print(len(▮))\n", "items))", mode="line") == "items"

    def test_closers_below_the_cursor_count(self) -> None:
        assert trim("call(\n    ▮\n)\n", "first,\n    second)", mode="block") == "first,\n    second"

    def test_a_quote_that_the_editor_put_in(self) -> None:
        assert trim('name = "▮"\n', 'Anna"', mode="line") == "Anna"

    def test_without_a_grammar_the_rest_of_the_line_decides(self) -> None:
        assert trim("foo(▮)\n", "a, b)", language="plaintext", mode="line") == "a, b"
        assert trim("foo(▮\n", "a, b)", language="plaintext", mode="line") == "a, b)"


class TestOverlap:
    def test_the_rest_of_the_line_is_not_said_twice(self) -> None:
        assert trim("x = f(a, ▮, key=1)\n", "b, key=1)", mode="line") == "b"

    def test_the_next_line_ends_the_suggestion(self) -> None:
        around = "def f(a):\n    ▮\n    return total\n"
        assert trim(around, "total = sum(a)\n    return total\n") == "total = sum(a)"

    def test_a_copy_of_the_line_above_is_rejected(self) -> None:
        assert trim("    total = 0\n    ▮\n", "total = 0", mode="line") == ""

    def test_a_copy_of_the_line_below_is_rejected(self) -> None:
        assert trim("def f():\n    ▮\n    total = 0\n", "total = 0", mode="line") == ""


class TestBlocks:
    def test_python_ends_with_the_indentation(self) -> None:
        written = "\n    for i in range(n):\n        print(i)\n\ndef g():\n    pass\n"
        assert trim("def f(n):▮\n", written) == "\n    for i in range(n):\n        print(i)"

    def test_from_the_first_line_of_the_body(self) -> None:
        written = "if n:\n        return 1\n    return 2\n\nprint(f(1))\n"
        assert trim("def f(n):\n    ▮\n", written) == "if n:\n        return 1\n    return 2"

    def test_a_closing_brace_that_is_there_is_not_doubled(self) -> None:
        around = "function f() {\n  ▮\n}\n"
        assert trim(around, "return 1;\n}\n\nfunction g() {", "javascript") == "return 1;"

    def test_a_closing_brace_that_is_missing_is_added(self) -> None:
        written = "\n\tfmt.Println(1)\n}\n\nfunc g() {\n"
        assert trim("package p\n\nfunc f() {▮\n", written, "go") == "\n\tfmt.Println(1)\n}"

    def test_lua_and_its_end(self) -> None:
        assert trim("function f()▮\n", "\n  return 1\nend\nlocal x", "lua") == "\n  return 1\nend"

    def test_an_unfinished_line_at_the_token_limit_is_dropped(self) -> None:
        around = "def f(n):\n    ▮\n"
        assert trim(around, "a = 1\n    b = comp", reason="length") == "a = 1"

    def test_a_single_line_that_the_limit_cuts_ends_with_a_word(self) -> None:
        assert trim("x = ▮\n", "first + some_long_na", mode="line", reason="length") == "first"
        assert trim("x = ▮\n", "some_long_na", mode="line", reason="length") == ""

    def test_the_callers_own_limit_is_kept_to_the_letter(self) -> None:
        trimmer = Trimmer(FimRequest("x = ", "\n", "python", mode="line", max_tokens=3))
        assert trimmer.feed("first + some_na") + trimmer.finish("length") == "first + some_na"

    def test_lines_that_break_the_syntax_are_dropped(self) -> None:
        around = "def f(n):\n    ▮\n"
        assert trim(around, "a = 1\n    b = = 2\n    c = )(") == "a = 1"

    def test_one_definition_is_enough(self) -> None:
        around = "class A:\n    def f(self):\n        pass\n\n    ▮\n"
        written = "def g(self):\n        a = 1\n\n        return a\n\n    def h(self):\n        pass\n"
        assert trim(around, written) == "def g(self):\n        a = 1\n\n        return a"
        assert trim("def f():\n    ▮\n", "a = 1\n\n    return a\n") == "a = 1\n\n    return a"


class TestClausesAndBrackets:
    """What is not indented as the block is, and belongs to the suggestion nevertheless."""

    def test_a_try_keeps_its_except(self) -> None:
        written = "\n    go()\nexcept OSError:\n    stop()\n\nother()\n"
        assert trim("try:▮\n", written) == written.removesuffix("\n\nother()\n")

    def test_a_clause_after_the_body_that_the_cursor_is_in(self) -> None:
        around = "def f():\n    if a:\n        ▮\n"
        written = "go()\n    else:\n        stop()\n    return 1\n"
        assert trim(around, written) == "go()\n    else:\n        stop()"

    def test_an_else_with_braces(self) -> None:
        written = "\n  go();\n} else {\n  stop();\n}\nother();\n"
        assert trim("if (a) {▮\n", written, "javascript") == written.removesuffix("\nother();\n")

    def test_a_clause_that_fits_nothing_ends_the_block(self) -> None:
        assert trim("def f():▮\n", "\n    go()\nelse:\n    stop()\n") == "\n    go()"

    def test_a_list_over_several_lines_stays_whole(self) -> None:
        assert trim("x = ▮\n", "[\n1,\n2,\n]\n") == "[\n1,\n2,\n]"
        assert trim("x = [▮\n", "\n1,\n2,\n]\ny = 1\n") == "\n1,\n2,\n]"

    def test_a_call_over_several_lines_stays_whole(self) -> None:
        assert trim("    foo(▮\n", "\na=1,\n    )\n    bar()\n") == "\na=1,\n    )"
        assert trim("foo(▮)\n", "\n    a=1,\n)\nbar()\n") == "\n    a=1,"

    def test_ends_of_blocks_in_blocks_are_no_repetition(self) -> None:
        written = "\n  if a\n    1\n  end\nend\n"
        assert trim("def f▮\n", written, "ruby") == written.rstrip()

    def test_checks_that_every_call_has_are_no_repetition(self) -> None:
        check = "\n\tif err != nil {\n\t\treturn err\n\t}"
        written = "a, err := f()" + check + "\n\tb, err := g(a)" + check + "\n\treturn h(b)"
        assert trim("package p\n\nfunc k() error {\n\t▮\n}\n", written, "go") == written


class TestTheCursorsOwnLine:
    def test_it_is_not_suggested_again(self) -> None:
        assert trim("import sys▮\n", "\nimport sys\n") == ""
        assert trim("import sys▮\n", "\nimport sys\nimport sys\nimport sys\n") == ""

    def test_one_line_like_the_one_above_may_begin_a_suggestion(self) -> None:
        around = "def f():\n    step()\n    ▮\n"
        assert trim(around, "step()\n    return 1\n") == "step()\n    return 1"
        assert trim("x.up()▮\n", "\nx.up()\nx.left()\n") == "\nx.up()\nx.left()"

    def test_a_blank_ahead_of_the_rest_of_the_line_stays(self) -> None:
        assert trim("if ▮x:\n", "not ", mode="line") == "not "
        assert trim("if ▮ x:\n", "not ", mode="line") == "not"
        assert trim("f(▮)\n", "a, ", mode="line") == "a,"
        assert trim("x = ▮\n", "1 ", mode="line") == "1"


class TestTheNextLine:
    """At the end of a line the model may go on with the next one."""

    @pytest.mark.parametrize(
        ("around", "written", "shown", "language"),
        [
            ("def f():\n    x = 1▮\n", "\n    y = 2\n    z = 3\n", "\n    y = 2", "python"),
            ("def f():\n    x = 1▮\n", "\n    return x\n", "\n    return x", "python"),
            ("def f():\n    x = 1▮\n", " + 2\n    return x\n", " + 2", "python"),
            ("def f():\n    return 1▮\n", "\n\n\ndef g():\n    pass", "\n\n\ndef g():", "python"),
            ("def f():\n\tx = 1▮\n", "\n\n\treturn 2\n", "\n\n\treturn 2", "python"),
            ("if (a) {\n  b();▮\n", "\n}\nc();\n", "\n}", "javascript"),
            ("if (a) {\n  b();▮\n}\n", "\n}\nc();\n", "", "javascript"),
            ("x = 1▮\n", "\nx = 1\n", "", "python"),
            ("x = 1▮\ny = 2\n", "\ny = 2\n", "", "python"),
            ("x = 1▮\n", "\n\n\n", "", "python"),
        ],
    )
    def test_it_is_the_last_one(self, around: str, written: str, shown: str, language: str) -> None:
        assert trim(around, written, language, "next") == shown


class TestSoundLines:
    """A line is shown as far as it parses; what its own brackets lack does not count."""

    @pytest.mark.parametrize(
        ("around", "written", "shown", "language"),
        [
            ("def f():\n    ▮\n", "x = 1 +", "x = 1", "python"),
            ("def f():\n    ▮\n", "self.", "self", "python"),
            ("def f():\n    ▮\n", "for a in", "", "python"),
            ("def f():\n    ▮\n", "go(1, (2", "go(1, (2", "python"),
            ("def f():\n    ▮\n", 'go("a, b', 'go("a, b', "python"),
            ("def f():\n    ▮\n", "x = )(", "x", "python"),
            ("def f():\n    ▮\n", '"""Does', "", "python"),
            ("function f() {\n  ▮\n}\n", "if (a) {", "if (a) {", "javascript"),
            ("function f() {\n  ▮\n}\n", "if (a) { b(c) } }", "if (a) { b(c) }", "javascript"),
            ("f(▮)\n", "a, b(1", "a, b", "python"),
            ("f(▮)\n", "a, b(1", "a, b", "plaintext"),
            ("f(▮ + 2)\n", "a, b(1", "", "plaintext"),
            ("f(▮ + 2)\n", "a, b(1", "", "python"),
            ("f(▮\n", "a, b(1]", "a, b(1", "plaintext"),
        ],
    )
    def test_the_longest_sound_beginning(self, around: str, written: str, shown: str, language: str) -> None:
        assert trim(around, written, language, "line") == shown

    def test_an_error_that_is_there_already_forbids_nothing(self) -> None:
        around = "x = = 2\nfoo(1, ▮\n"
        assert trim(around, "y, z)", mode="line") == "y, z)"


class TestAheadOfMoreCode:
    @pytest.mark.parametrize(
        ("around", "written", "shown"),
        [
            ("    return ▮self._item(row)\n", "self.connection.execute().fetchone()", ""),
            ("    return ▮self._item(row)\n", "not ", "not "),
            ("    row = ▮self.get(row)\n", "e", ""),
            ("x = f(▮, key=1)\n", "b, c", "b, c"),
            ("x = f(▮, key=1)\n", ", ".join("b" * 30), ""),
            ("x = ▮ + 1\n", "foo(2", ""),
            ("x = ▮ + 1\n", "foo(2)", "foo(2)"),
        ],
    )
    def test_what_does_not_fit_is_not_shown(self, around: str, written: str, shown: str) -> None:
        assert trim(around, written, mode="line") == shown


RIGHT_CODE = [
    "0xFFFFFFFFFFFFFFFF",
    "0" * 40,
    'execute("INSERT INTO t VALUES (%s, %s, %s, %s, %s, %s, %s)")',
    "None, None, None, None, None, None",
    "tuple[int, int, int, int, int, int]",
    "True, True, True, True, True, True, True",
    'struct.Struct("<IIIIIIIIIIIIIII")',
    "[" + "0, " * 30 + "0]",
    "# " + "=" * 100,
]


class TestRepetition:
    def test_one_line_again_and_again(self) -> None:
        around = "def f(n):\n    ▮\n"
        assert trim(around, "step(n)\n    step(n)\n    step(n)\n") == "step(n)"
        assert trim(around, "step(n)\n    step(n)\n") == "step(n)"

    def test_two_lines_again_and_again(self) -> None:
        around = "def f(n):\n    ▮\n"
        assert trim(around, "one(n)\n    two(n)\n" * 1 + "    one(n)\n    two(n)\n") == "one(n)\n    two(n)"

    @pytest.mark.parametrize("code", RIGHT_CODE)
    @pytest.mark.parametrize("mode", ["line", "block"])
    def test_right_code_may_repeat_itself(self, code: str, mode: Mode) -> None:
        assert trim("x = ▮\n", code, mode=mode) == code

    def test_a_line_without_end_is_stopped(self) -> None:
        """The model is stopped within a few hundred characters, and the loop is not shown."""
        for loop in ("self.quantity * ", ", vertical", ", 1", "_r"):
            trimmer = Trimmer(FimRequest("x = ", "\n", "python", mode="block"))
            said = 0
            while not trimmer.done:
                trimmer.feed("first" * (not said) + loop)
                said += 5 * (not said) + len(loop)
            assert said < 450
            assert len(trimmer.finish("stop")) < 5 + 2 * len(loop)

    def test_a_line_that_a_limit_cut_off_loses_its_loop(self) -> None:
        assert trim("def f(▮\n", "n: int" + ", int" * 14, mode="line", reason="length") == "n: int"
        assert trim("f(▮)\n", "'ab'" + ", 'xb'" * 12, mode="line", reason="length") == "'ab'"
        assert trim("x = ▮\n", "r_" * 40, mode="line", reason="length") == ""


PIECE = st.text(st.sampled_from("ab =()[]{}:,\"'\n\t #;é😀"), max_size=40)


@settings(max_examples=400, deadline=None)
@given(
    PIECE,
    PIECE,
    PIECE,
    st.integers(1, 9),
    st.sampled_from(["line", "next", "block"]),
    st.sampled_from(["stop", "length"]),
)
def test_what_is_shown_does_not_depend_on_the_pieces_and_is_the_text_s_beginning(
    prefix: str, suffix: str, written: str, pieces: int, mode: Mode, reason: FinishReason
) -> None:
    written = written.replace("\n", "") if mode == "line" else written
    around = prefix + "▮" + suffix
    shown = trim(around, written, mode=mode, reason=reason, pieces=pieces)
    assert shown == trim(around, written, mode=mode, reason=reason, pieces=len(written) + 1)
    same_lines = zip(shown.split("\n"), written.split("\n"), strict=False)
    assert all(theirs.lstrip(" \t").startswith(ours.lstrip(" \t")) for ours, theirs in same_lines)
    if not suffix.partition("\n")[0].strip():
        assert shown == shown.rstrip()


@settings(max_examples=300, deadline=None)
@given(
    PIECE,
    PIECE,
    PIECE,
    st.sampled_from(["python", "javascript", "ruby", "plaintext"]),
    st.sampled_from(["line", "next", "block"]),
)
def test_what_is_shown_adds_no_error_to_the_document(
    prefix: str, suffix: str, written: str, language: str, mode: Mode
) -> None:
    written = written.replace("\n", "") if mode == "line" else written
    shown = trim(prefix + "▮" + suffix, written, language, mode)
    assert SyntaxChecker(FimRequest(prefix, suffix, language)).acceptable(shown)


@settings(max_examples=300, deadline=None)
@given(PIECE, PIECE, PIECE, st.sampled_from(["python", "javascript"]))
def test_the_longest_sound_beginning_is_one(prefix: str, suffix: str, written: str, language: str) -> None:
    checker = SyntaxChecker(FimRequest(prefix, suffix, language))
    found = checker.longest(written)
    assert written.startswith(found)
    assert checker.acceptable(found)


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=60), st.text(max_size=60), st.text(max_size=120), st.sampled_from(["python", "lua", ""])
)
def test_no_text_stops_it(prefix: str, suffix: str, written: str, language: str) -> None:
    assert isinstance(trim(prefix + "▮" + suffix, written, language), str)


@pytest.mark.parametrize("language", ["python", "javascript", "go", "rust", "html", "yaml", "plain"])
def test_any_language_survives_nonsense(language: str) -> None:
    assert isinstance(trim("((((\n▮}}}}\n", "}{)(\n" * 20, language), str)


class TestEchoes:
    """What stands near is not said again."""

    @pytest.mark.parametrize(
        ("around", "written", "shown", "language"),
        [
            ("class A:\n    def f(self, a):\n        pass\n\n    ▮\n", "def f(self, a):", "", "python"),
            ("class A:\n    def f(self, a):\n        pass\n\n    def ▮\n", "f(self, a):", "", "python"),
            ("class A:\n    ▮\n\n    def f(self):\n        pass\n", "def f(self):\n        x", "", "python"),
            ("class A:\n    def f(self):\n        pass\n\nclass B:\n    ▮\n", "def f(self):", "def f(self):",
             "python"),
            ("void f(int a) {}\n▮\n", "void f(char a) {}", "void f(char a) {}", "cpp"),
            ("import json\nimport os\n▮\n", "import json", "", "python"),
            ("import json\nimport os\nimport ▮\n", "json", "", "python"),
            ("#include <a.h>\n#include <b.h>\n▮\n", "#include <a.h>", "", "c"),
            ("import { b } from 'a';\nx();\n▮\n", "import { b } from 'a';", "", "javascript"),
            ("for x in xs:\n    y = x\n    ▮\n", "for x in xs:\n        z(x)", "", "python"),
            ("for x in xs:\n    y = x\n▮\n", "for x in xs:", "for x in xs:", "python"),
            ("x = ▮\n", "self.a.size * self.a.size * self.a.size", "self.a.size", "python"),
            ("x = ▮\n", "a * a * a", "a * a * a", "python"),
            ("x = ▮\n", "total[0] + total[1] + total[2]", "total[0] + total[1] + total[2]", "python"),
            ("def f(self, ▮\n", "name, name):", "", "python"),
            ("def f(▮\n", "self, name, *names):", "self, name, *names):", "python"),
            ("    x = foo(1)\n    x = ▮\n", "foo(1)", "", "python"),
        ],
    )  # fmt: skip
    def test_right_code_has_it_once(self, around: str, written: str, shown: str, language: str) -> None:
        assert trim(around, written, language) == shown

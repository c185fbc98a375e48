"""A suggestion's lines are indented as the file's own lines would be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.trim.indents import Indents
from fimble.engine.types import FimRequest

from .test_trim import trim

SPACES2 = "function a() {\n  b();\n}\n\n"
SPACES4 = "def a():\n    b()\n\n\n"
TABS = "func a() {\n\tb()\n}\n\n"


@pytest.mark.parametrize(
    ("around", "written", "shown", "language"),
    [
        (SPACES4 + "def f():\n    x = 1▮\n", "\n        y = 2", "\n    y = 2", "python"),
        (SPACES4 + "def f():\n    x = 1▮\n", "\n  y = 2", "\n    y = 2", "python"),
        (SPACES4 + "def f():\n    if x:▮\n", "\n      y = 2", "\n        y = 2", "python"),
        (SPACES2 + "function f() {\n  x();\n ▮\n}\n", "     y();", " y();", "javascript"),
        (SPACES2 + "if (x) {▮\n}\n", "\n    y();", "\n  y();", "javascript"),
        (TABS + "func f() {▮\n}\n", "\n    y()", "\n\ty()", "go"),
        (SPACES4 + "def f():\n    return 1▮\n", "\n    x = 2", "", "python"),
        (SPACES4 + "class A:\n    def f():\n        return 1▮\n", "\n\n    x = 2", "\n\n    x = 2", "python"),
        (SPACES2 + "function f() {\n  return 1;▮\n", "\n}", "\n}", "javascript"),
        (SPACES2 + "function f() {\n  return 1;▮\n", "\n  g();", "", "javascript"),
        (
            SPACES2 + "switch (a) {\n  case 1:\n    return 1;▮\n}\n",
            "\n  case 2:",
            "\n  case 2:",
            "javascript",
        ),
        (SPACES2 + "if (a) {\n  if (b) {\n    c();\n ▮\n", "  }", "", "javascript"),
        (SPACES2 + "if (a) {\n  if (b) {\n    c();\n ▮\n", " }", " }", "javascript"),
        (SPACES2 + "if (a) {\n  if (b) return 1▮\n}\n", "\n    c();", "\n  c();", "javascript"),
        (SPACES2 + "if (a) {\n  if (b)▮\n}\n", "\n    c();", "\n    c();", "javascript"),
        (SPACES2 + "x = foo▮\n", "\n    .bar()", "\n    .bar()", "javascript"),
        (SPACES2 + "x = foo(a,▮\n", "\n        b)", "\n        b)", "javascript"),
        ("anything▮\n", "\n      b", "\n      b", "plaintext"),
        ("a:▮\n", "\n      c: d", "\n      c: d", "yaml"),
    ],
)
def test_the_next_line(around: str, written: str, shown: str, language: str) -> None:
    assert trim(around, written, language, "next") == shown


def test_a_block_of_another_width_keeps_its_shape() -> None:
    around = SPACES2 + "function f() {▮\n}\n"
    written = "\n    if (a) {\n        b();\n    }\n    c();"
    assert trim(around, written, "javascript") == "\n  if (a) {\n    b();\n  }\n  c();"


UNITS = st.sampled_from(["  ", "    ", "\t"])
DEPTHS = st.lists(st.integers(-2, 1), min_size=4, max_size=14)


@given(UNITS, DEPTHS, st.data())
def test_what_is_indented_well_stays(unit: str, steps: list[int], data: st.DataObject) -> None:
    """Braces of any nesting, cut at any line: the rest of the file comes back as it was."""
    lines, depth = ["a {", unit + "b();", "}"], 0
    for number, step in enumerate(steps):
        if step > 0:
            lines.append(unit * depth + f"if (x{number}) {{")
            depth += 1
        lines.append(unit * depth + f"y{number}();")
        for _ in range(min(depth, -step)):
            depth -= 1
            lines.append(unit * depth + "}")
    at = data.draw(st.integers(3, len(lines) - 1))
    prefix, line = "\n".join(lines[:at]), lines[at]
    assert Indents(FimRequest(prefix, "\n", "javascript")).fix(line, [""]) == line

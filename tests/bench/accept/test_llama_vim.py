"""What llama.vim shows of an answer."""

from __future__ import annotations

import pytest

from bench.accept.llama_vim import rendered
from bench.replay import Passage
from bench.sheet import Sheet


def sheet(before: str, after: str) -> Sheet:
    return Sheet(Passage("a.py", before, "", after))


@pytest.mark.parametrize(
    ("before", "after", "content", "shown"),
    [
        ("x = ", "\n", "1\n\n", "1"),
        ("x = ", "\n", "", ""),
        ("def f():\n    ", "\n", "    return 1", "return 1"),
        ("def f():\n    ", "\n", "return 1", "return 1"),
        ("call(", ")\n", ")", ""),
        ("x", "\ny = 2\n", "\ny = 2", ""),
        ("x", "\ny = 2\n", "\ny = 3", "\ny = 3"),
        ("a = ", "\n\na = 1\n", "1", ""),
        ("a = ", "\na = 1\nbcd\n", "1\nbc", ""),
        ("a = ", "\na = 1\nbcd\n", "1\nx", "1\nx"),
        ("a = ", "\na = 1\nb\nc\n", "1\nb\nc", ""),
    ],
)
def test_nothing_is_shown_that_stands_there(before: str, after: str, content: str, shown: str) -> None:
    assert rendered(content, sheet(before, after)) == shown

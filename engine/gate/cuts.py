"""Where a suggestion may end: behind words, brackets and strings, at ends of lines, and at its own end."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

_PAIRS = {")": "(", "]": "[", "}": "{"}
_QUOTES = "\"'`"


def in_word(char: str) -> bool:
    """Whether a character is part of a name or a number; what joins to the one before it counts."""
    return char.isalnum() or char == "_" or bool(char and unicodedata.combining(char))


def cuts(text: str, suffix: str = "") -> Iterator[int]:
    """Lengths of ``text`` at which it may end, shortest first, its own end left out.

    No bracket and no quote that it opens is open there, and no word, number or blank is cut. ``suffix`` is
    what follows the cursor: where it goes on with a word, no cut may end in one.
    """
    joins = in_word(suffix[:1])
    open_brackets: list[str] = []
    quote = ""
    for at, char in enumerate(text[:-1]):
        closed = False
        if quote:
            closed = char == quote and text[at + 1] != quote and not _escaped(text, at)
            quote = "" if closed or char == "\n" else quote
        elif char in _QUOTES and not (at and in_word(text[at - 1])):
            quote = char
        elif char in "([{":
            open_brackets.append(char)
        elif char in _PAIRS:
            closed = not open_brackets or open_brackets[-1] == _PAIRS[char]
            del open_brackets[-1:]
        if quote or open_brackets:
            continue
        if closed or _ends_line(text, at) or (_ends_word(text, at) and not joins):
            yield at + 1


def _escaped(text: str, at: int) -> bool:
    """Whether an odd number of backslashes stands ahead of a place."""
    before = text[:at]
    return bool((len(before) - len(before.rstrip("\\"))) % 2)


def _ends_line(text: str, at: int) -> bool:
    return text[at + 1] == "\n" and not text[at].isspace()


def _ends_word(text: str, at: int) -> bool:
    """Whether a word or number ends at a place; the point and the sign of a number are inside it, and so is
    a quote that a letter precedes."""
    if not in_word(text[at]) or in_word(text[at + 1]) or text[at + 1] in _QUOTES:
        return False
    goes_on = text[at + 2 : at + 3].isdigit()
    exponent = text[at] in "eE" and text[at - 1 : at].isdigit() and text[at + 1] in "+-"
    return not (goes_on and (exponent or (text[at].isdigit() and text[at + 1] in ".,")))

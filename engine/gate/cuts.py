"""Where a suggestion may end: behind words, brackets and strings, at ends of lines, and at its own end."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

_PAIRS = {")": "(", "]": "[", "}": "{"}
_QUOTES = "\"'`"
_LIFETIMES = ("&", "<")
"""What stands ahead of a lifetime in Rust."""
_STRING_PREFIXES = "bBfFrRuU"


def in_word(char: str) -> bool:
    """Whether a character is part of a name or a number; what joins to the one before it counts."""
    return char.isalnum() or char == "_" or bool(char and unicodedata.combining(char))


def cuts(text: str, head: str = "", suffix: str = "") -> Iterator[int]:
    """Lengths of ``text`` at which it may end, the shortest first.

    No bracket and no quote that it opens is open there, and no word, number or blank is cut; whether its own
    end is in a word is for others to tell. ``head`` is what of the cursor's line is ahead of it, ``suffix``
    what follows it: where that goes on with a word, no cut may end in one.
    """
    joins = in_word(suffix[:1])
    outer = open_quote(head)
    for at, (closed, quote, brackets) in enumerate(_states(text, outer)):
        if brackets or (quote and quote != outer):
            continue
        if at + 1 == len(text) or closed or _ends_line(text, at) or (_ends_word(text, at) and not joins):
            yield at + 1
        if not quote:
            outer = ""


def open_quote(line: str) -> str:
    """The quote that is open at the end of a line; empty if none is."""
    states = [quote for _, quote, _ in _states(line, "", alone=True)]
    return states[-1] if states else ""


def _states(text: str, quote: str, alone: bool = False) -> Iterator[tuple[bool, str, int]]:
    """For each character: whether it closes a quote or the last bracket that was open, then the quote that is
    open behind it, and how many brackets of the text are. ``quote`` is open at the beginning. With
    ``alone`` an apostrophe opens a string although it closes none."""
    brackets: list[str] = []
    for at, char in enumerate(text):
        closed = False
        if quote:
            closed = char == quote and text[at + 1 : at + 2] != quote and not _escaped(text, at)
            quote = "" if closed or char == "\n" else quote
        elif char in _QUOTES and _opens(text, at, alone):
            quote = char
        elif char in "([{":
            brackets.append(char)
        elif char in _PAIRS:
            closed = not brackets or brackets[-1] == _PAIRS[char]
            del brackets[-1:]
        yield closed, quote, len(brackets)


def _opens(text: str, at: int, alone: bool) -> bool:
    """Whether a quote begins a string: an apostrophe, or a lifetime in Rust, does not."""
    if at and in_word(text[at - 1]) and text[at - 1] not in _STRING_PREFIXES:
        return False
    if text[at] != "'" or "'" in text[at + 1 :].partition("\n")[0]:
        return True
    return alone and text[at - 1 : at] not in _LIFETIMES


def _escaped(text: str, at: int) -> bool:
    """Whether an odd number of backslashes stands ahead of a place."""
    before = text[:at]
    return bool((len(before) - len(before.rstrip("\\"))) % 2)


def _ends_line(text: str, at: int) -> bool:
    """Whether a line ends at a place."""
    return text[at + 1] == "\n" and not text[at].isspace()


def _ends_word(text: str, at: int) -> bool:
    """Whether a word or number ends at a place; the point and the sign of a number are inside it, and so is
    a quote between letters."""
    if not in_word(text[at]) or in_word(text[at + 1]) or _quotes_on(text, at):
        return False
    goes_on = text[at + 2 : at + 3].isdigit()
    exponent = text[at] in "eE" and text[at - 1 : at].isdigit() and text[at + 1] in "+-"
    return not (goes_on and (exponent or (text[at].isdigit() and text[at + 1] in ".,")))


def _quotes_on(text: str, at: int) -> bool:
    """Whether a quote follows, and then a letter: an apostrophe, or a string with a letter ahead of it."""
    return text[at + 1] in _QUOTES and in_word(text[at + 2 : at + 3])

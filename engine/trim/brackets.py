"""Brackets and quotes of a text, told without a parser."""

from __future__ import annotations

import re
from collections.abc import Iterator

PAIRS = {")": "(", "]": "[", "}": "{"}
_CLOSER_OF = {opener: closer for closer, opener in PAIRS.items()}
_PREFIX = re.compile(r"(^|\W)[rbfutRBFUTL]{1,2}$")
_END = re.compile(r"[\w)\]}:](?!\w)|[\"'`](?![\w\"'`])")


def unmatched_closers(line: str) -> Iterator[int]:
    """Offsets of closing brackets that nothing in ``line`` opened; quoted text does not count."""
    stack: list[str] = []
    for at, char in _outside_quotes(line):
        if char in "([{":
            stack.append(char)
        elif char in PAIRS:
            if stack and stack[-1] == PAIRS[char]:
                stack.pop()
            else:
                yield at


def closers_for(text: str) -> str:
    """What closes the brackets that are open at the end of a text, and the string in its last line."""
    stack: list[str] = []
    quote = ""
    for at, char in _outside_quotes(text):
        if char in _CLOSER_OF:
            stack.append(_CLOSER_OF[char])
        elif char in PAIRS and char in stack:
            while stack.pop() != char:
                pass
        elif char in "\"'`":
            quote = char if _stays_open(text, at) else ""
    return quote + "".join(reversed(stack))


def fits_rest(text: str, rest: str) -> bool:
    """Whether a text's brackets are in order, and closed where more follows in its line."""
    stack: list[str] = []
    for _, char in _outside_quotes(text):
        if char in "([{":
            stack.append(char)
        elif char in PAIRS and stack and stack.pop() != PAIRS[char]:
            return False
    return not (rest and stack)


def word_ends(text: str) -> list[int]:
    """Where a text may end: behind whole words, closing brackets and quotes, and colons."""
    return [found.end() for found in _END.finditer(text)]


def _outside_quotes(text: str) -> Iterator[tuple[int, str]]:
    """Characters that are not quoted, with the quotes that begin strings; these end with their line."""
    quote = ""
    for at, char in enumerate(text):
        if quote:
            ends = char == "\n" or (char == quote and text[at - 1] != "\\")
            quote = "" if ends else quote
        else:
            if char in "\"'`" and _opens_string(text, at):
                quote = char
            yield at, char


def _opens_string(text: str, at: int) -> bool:
    """Whether a quote begins a string, and is not an apostrophe."""
    ahead = text[max(0, at - 3) : at]
    return not ahead[-1:].isalnum() or _PREFIX.search(ahead) is not None


def _stays_open(text: str, start: int) -> bool:
    """Whether the string that begins at ``start`` goes on to the end of the text."""
    quote = text[start]
    if text.startswith(quote * 3, start):
        return False
    at = start + 1
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] in (quote, "\n"):
            return False
        at += 1
    return True

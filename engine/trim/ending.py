"""Where the last line of a suggestion must end, given what follows the cursor in its line."""

from __future__ import annotations

from .brackets import PAIRS, unmatched_closers
from .checker import SyntaxChecker


def cut_overlap(line: str, line_rest: str) -> str:
    """Without the end that the rest of the line says again, as in ``b, c)`` before ``, c)``."""
    rest = line_rest.strip()
    if not rest:
        return line
    for start in range(len(line)):
        tail = line[start:].strip()
        says_something = len(tail) >= 2 and any(map(str.isalnum, tail))
        copied = rest.startswith(tail) or tail.startswith(rest)
        if says_something and copied and _balanced(line[:start]):
            return line[:start]
    return line


def cut_closers(before: str, line: str, line_rest: str, checker: SyntaxChecker) -> str:
    """Without closing brackets and quotes that the file has already.

    ``before`` are the suggestion's earlier lines. A closer without partner inside the suggestion is
    kept only if the file has no more errors with it than when the line ends ahead of it.
    """
    for at in unmatched_closers(line):
        if not checker.knows_language:
            if line_rest.strip().startswith(line[at]):
                return line[:at]
        elif checker.errors(before + line[: at + 1]) > checker.errors(before + line[:at]):
            return line[:at]
    return _cut_quote(line, line_rest)


def _balanced(text: str) -> bool:
    return all(text.count(opener) == text.count(closer) for closer, opener in PAIRS.items())


def _cut_quote(line: str, line_rest: str) -> str:
    """An editor that closes quotes by itself has put one right after the cursor."""
    quote = line_rest[:1]
    if quote and quote in "\"'`" and line.endswith(quote) and line.count(quote) % 2:
        return line[:-1]
    return line

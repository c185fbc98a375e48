"""Strings and comments that go over several lines, found without a parser."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache

from ..limits import FAR_CHARACTERS
from .languages import LanguageSpec

_CODE = re.compile(
    r"^[ \t]*(?:(?:async|export|public|private|static)\s+)*(?:def|class|function|func|const)\s.*[:({;]$", re.M
)


@dataclass(frozen=True, slots=True)
class Quotes:
    """Long strings and comments in one text: where they start and end, and what ends the last one if it
    is still open at the text's end."""

    starts: list[int]
    ends: list[int]
    open_closer: str = ""

    def inside(self, at: int) -> bool:
        """Whether offset ``at`` is in a long string or comment."""
        index = bisect_right(self.starts, at) - 1
        return index >= 0 and self.starts[index] < at < self.ends[index]

    def opener_at(self, at: int, text: str, spec: LanguageSpec) -> str:
        """What opens the string that offset ``at`` of ``text`` is in; empty if that was cut off."""
        start = self.starts[bisect_right(self.starts, at) - 1]
        return next((opener for opener, _ in spec.long_quotes if text.startswith(opener, start)), "")

    @classmethod
    def read(cls, text: str, spec: LanguageSpec, closer: str = "") -> Quotes:
        """Read ``text``, which begins inside what ``closer`` ends, if that is given.

        It hops from quote to quote, and of other text looks only at the line ahead of one: there a
        comment or an ordinary string can make it mean nothing.
        """
        starts: list[int] = []
        ends: list[int] = []
        if not spec.long_quotes:
            return cls(starts, ends)
        openers, closers = _openers(spec), dict(spec.long_quotes)
        start, at = -1, 0
        while True:
            if closer:
                end = _find_closer(text, closer, at)
                starts.append(start)
                ends.append(end + len(closer) if end >= 0 else len(text) + 1)
                if end < 0:
                    return cls(starts, ends, closer)
                at = ends[-1]
            while (found := openers.search(text, at)) is not None:
                line_start = max(at, text.rfind("\n", 0, found.start()) + 1)
                at = _end_of_ordinary(text, line_start, found.start(), spec)
                if at <= found.start():
                    break
            if found is None:
                return cls(starts, ends)
            start, at, closer = found.start(), found.end(), closers[found.group()]

    @classmethod
    def read_rest(cls, text: str, spec: LanguageSpec) -> Quotes:
        """Read a text whose beginning was cut off: it begins inside or outside a string, as it makes more
        of the lines that look like code, code."""
        code = [match.start() for match in _CODE.finditer(text, max(0, len(text) - 2 * FAR_CHARACTERS))]
        best, least = cls.read(text, spec), len(code) + 1
        for closer in dict.fromkeys(["", *(closer for _, closer in spec.long_quotes)]):
            quotes = cls.read(text, spec, closer) if closer else best
            if (hidden := sum(map(quotes.inside, code))) < least:
                best, least = quotes, hidden
            if not least:
                break
        return best


def _find_closer(text: str, closer: str, at: int) -> int:
    """The next ``closer`` that no backslash takes its meaning from; -1 if there is none."""
    end = text.find(closer, at)
    while end > 0 and text[end - 1] == "\\" and text[end - 2 : end] != "\\\\":
        end = text.find(closer, end + 1)
    return end


def _end_of_ordinary(text: str, line_start: int, at: int, spec: LanguageSpec) -> int:
    """Where the comment or ordinary string ends that covers offset ``at`` of a line; ``at`` if none does."""
    for found in ordinary(spec).finditer(text, line_start):
        if found.start() >= at:
            break
        if found.end() > at:
            return found.end()
    return at


@cache
def _openers(spec: LanguageSpec) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(opener) for opener, _ in spec.long_quotes))


@cache
def ordinary(spec: LanguageSpec) -> re.Pattern[str]:
    """Comments and strings that end with their line."""
    comment = [re.escape(spec.line_comment) + r"[^\n]*"] if spec.line_comment else []
    return re.compile("|".join([r'"(?:\\.|[^"\\\n])*"', r"'(?:\\.|[^'\\\n])*'", *comment]))

"""Where a cursor stands and what should be filled in: spans of a text, as people leave them.

Used to make training examples and, with its own seed, to make the evaluation's holes.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass

MAX_HOLE = 600
_STOP_PLACES = re.compile(r"[(\[{.,=:<\s]\s?(?=\S)|(?<=\W)(?=\w)")
_BLOCK_OPENER = re.compile(r"[:{(\[]\s*$|=>\s*$|\bthen\s*$|\bdo\s*$")


@dataclass(frozen=True, slots=True)
class Hole:
    """``text[start:end]`` is missing; ``kind`` names how it was chosen."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True)
class _Lines:
    """A text with its line starts, so that picking a line is cheap."""

    text: str
    starts: list[int]

    def line(self, number: int) -> tuple[int, int]:
        """Start and end (newline not included) of a line."""
        start = self.starts[number]
        last = number + 1 >= len(self.starts)
        return start, len(self.text) if last else self.starts[number + 1] - 1

    def indentation(self, number: int) -> int:
        start, end = self.line(number)
        line = self.text[start:end]
        return len(line) - len(line.lstrip())

    def blank(self, number: int) -> bool:
        start, end = self.line(number)
        return not self.text[start:end].strip()


def split_lines(text: str) -> _Lines:
    return _Lines(text, [0, *(match.end() for match in re.finditer("\n", text))])


def line_end(lines: _Lines, randomness: random.Random) -> Hole | None:
    """From somewhere in a line to its end."""
    start, end = lines.line(number := randomness.randrange(len(lines.starts)))
    first = start + lines.indentation(number)
    if end - first < 2:
        return None
    stops = [first + m.end() for m in _STOP_PLACES.finditer(lines.text[first:end])]
    if stops and randomness.random() < 0.6:
        return Hole(randomness.choice(stops), end, "line_end")
    return Hole(randomness.randrange(first, end), end, "line_end")


def whole_lines(lines: _Lines, randomness: random.Random) -> Hole | None:
    """One to four lines, beginning after the first one's indentation (now and then ahead of it)."""
    number = randomness.randrange(len(lines.starts))
    if lines.blank(number):
        return None
    last = min(number + randomness.choice((0, 0, 0, 1, 1, 2, 3)), len(lines.starts) - 1)
    while lines.blank(last):
        last -= 1
    ahead = 0 if randomness.random() < 0.2 else lines.indentation(number)
    return Hole(lines.line(number)[0] + ahead, lines.line(last)[1], "line")


def block(lines: _Lines, randomness: random.Random) -> Hole | None:
    """The deeper-indented lines after one that opens a block, from its end or its first line's start."""
    opener = randomness.randrange(len(lines.starts))
    start, end = lines.line(opener)
    if not _BLOCK_OPENER.search(lines.text[start:end]):
        return None
    level, last = lines.indentation(opener), opener
    for number in range(opener + 1, min(opener + 16, len(lines.starts))):
        if lines.blank(number):
            continue
        if lines.indentation(number) <= level:
            break
        last = number
    if last == opener:
        return None
    first = opener + 1
    inside = lines.line(first)[0] + lines.indentation(first)
    return Hole(end if randomness.random() < 0.5 else inside, lines.line(last)[1], "block")


def bracketed(lines: _Lines, randomness: random.Random) -> Hole | None:
    """What stands between a bracket and its partner in a line: the editor has closed it already."""
    start, end = lines.line(randomness.randrange(len(lines.starts)))
    openers = [i for i in range(start, end) if lines.text[i] in "([{"]
    if not openers:
        return None
    at, depth = randomness.choice(openers), 0
    for i in range(at, end):
        depth += (lines.text[i] in "([{") - (lines.text[i] in ")]}")
        if depth == 0:
            return Hole(at + 1, i, "bracket") if i > at + 1 else None
    return None


def span(lines: _Lines, randomness: random.Random) -> Hole | None:
    """Any start, any length: about 40 characters on average."""
    start = randomness.randrange(len(lines.text))
    length = 1 + int(randomness.expovariate(1 / 40))
    return Hole(start, min(len(lines.text), start + length), "span")


Picker = Callable[[_Lines, random.Random], Hole | None]
MIX: tuple[tuple[Picker, float], ...] = (
    (line_end, 0.45),
    (whole_lines, 0.18),
    (block, 0.15),
    (bracketed, 0.12),
    (span, 0.10),
)


def pick(text: str, randomness: random.Random, picker: Picker | None = None) -> Hole | None:
    """A hole of the given kind (default: by :data:`MIX`), or None when a few tries found none."""
    lines = split_lines(text)
    for _ in range(12):
        chosen = picker or randomness.choices([p for p, _ in MIX], [w for _, w in MIX])[0]
        hole = chosen(lines, randomness)
        if hole and 0 < hole.end - hole.start <= MAX_HOLE and text[hole.start : hole.end].strip():
            return hole
    return None

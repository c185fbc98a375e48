"""Rules that look at whole lines of a suggestion, one after the other, and say where it must end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_CLOSING_LINE = re.compile(r"\s*([)\]}]+[;,)]*|end|fi|done|esac)\s*[;,)]*\s*$")
_WORD = re.compile(r"\w")
_PART_OF_WORD = re.compile(r"[^\s,;|&+*/.=()-]*$")
_LETTER = re.compile(r"[^\W\d_]")
_OPENER = re.compile(r"([:{(\[]|=>|->|\b(then|do|else|begin))\s*$|^\s*(def|function|class|module)\b")
TAB_WIDTH = 4


def indentation(line: str) -> int:
    """Columns of leading white space."""
    expanded = line.expandtabs(TAB_WIDTH)
    return len(expanded) - len(expanded.lstrip(" "))


def significant(line: str) -> bool:
    """Whether a line says something of its own: closing brackets and blank lines repeat everywhere."""
    return len(line.strip()) > 2 and bool(_WORD.search(line))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands around the cursor, as the rules need it."""

    line_head: str
    """The cursor's line up to the cursor."""
    line_rest: str
    """The cursor's line from the cursor on."""
    line_above: str
    """The last filled line above."""
    next_lines: tuple[str, ...]
    """The next filled lines below."""

    @classmethod
    def of(cls, prefix: str, suffix: str) -> Surroundings:
        head, _, line_head = prefix[-8000:].rpartition("\n")
        line_rest, _, following = suffix[:8000].partition("\n")
        above = next((line for line in reversed(head.split("\n")) if line.strip()), "")
        below = [line for line in following.split("\n") if line.strip()]
        return cls(line_head, line_rest, above, tuple(below[:3]))

    @property
    def floor(self) -> int:
        """A later line that is not indented deeper than this has left the block."""
        if self.line_head.strip() and _OPENER.search(self.line_head):
            return indentation(self.line_head)
        return indentation(self.line_head) - 1


def copies_neighbour(first: str, around: Surroundings) -> bool:
    """Whether a suggested whole line only says again what stands right above or below it."""
    if around.line_head.strip() or not significant(first):
        return False
    neighbours = [around.line_above, *around.next_lines[:1]]
    return first.strip() in [line.strip() for line in neighbours]


def continues_below(line: str, around: Surroundings) -> bool:
    """Whether the suggestion has arrived at the text that follows the cursor anyway."""
    if not around.next_lines or not significant(line):
        return False
    return line.strip() == around.next_lines[0].strip()


def leaves_block(line: str, around: Surroundings) -> bool:
    """Whether a later line of the suggestion is outside the block that the cursor is in."""
    return bool(line.strip()) and indentation(line) <= around.floor


def closes_block(line: str, around: Surroundings) -> bool:
    """Whether a line that leaves the block is its closing line, and the text below lacks it."""
    if not _CLOSING_LINE.match(line) or indentation(line) < around.floor:
        return False
    closer = line.strip()[0]
    below = around.next_lines[0].strip() if around.next_lines else ""
    return not below.startswith(closer) and not around.line_rest.strip().startswith(closer)


def repetition_start(lines: Sequence[str]) -> int | None:
    """The index from which the last lines only repeat earlier ones of the suggestion, or None.

    One line twice in a row, or a run of two and more lines that all came before.
    """
    if len(lines) >= 2 and significant(lines[-1]) and lines[-1].strip() == lines[-2].strip():
        return len(lines) - 1
    start = len(lines)
    while start > 0 and repeated(lines, start - 1):
        start -= 1
    return start if len(lines) - start >= 2 else None


def repeated(lines: Sequence[str], index: int) -> bool:
    """Whether the line at ``index`` says what an earlier one said."""
    line = lines[index].strip()
    return significant(line) and any(line == earlier.strip() for earlier in lines[:index])


STUTTER_UNIT = 24
STUTTER_TIMES, NUMBER_TIMES = 5, 10
"""How often is too often: numbers, as in tables, may stand there more often than words."""


def stutter(line: str, checked: int = 0) -> int | None:
    """Where a line must end that begins to say the same few characters again and again, or None.

    Looks for the first place, after the first ``checked`` characters, where a unit of 2 to 24 of them
    stands too often in a row. A line that has nothing ahead of that ends at 0.
    """
    for end in range(max(checked, 2 * STUTTER_TIMES), len(line) + 1):
        if (found := _repeated_length(line[:end])) is not None:
            unit, start = found
            return _whole_words(line, start + unit) if line[:start].strip() else 0
    return None


def _whole_words(line: str, end: int) -> int:
    """The last place up to ``end`` behind a whole word; a dangling operator or comma goes too."""
    kept = line[:end]
    if _WORD.match(line[end : end + 1]):
        kept = _PART_OF_WORD.sub("", kept)
    return len(kept.rstrip(" ,;|&+-*/.=("))


def _repeated_length(text: str) -> tuple[int, int] | None:
    """The shortest unit that ``text`` ends with too often: its length, and where the first one begins."""
    for size in range(2, min(STUTTER_UNIT, len(text) // STUTTER_TIMES) + 1):
        unit = text[-size:]
        if text[-2 * size : -size] != unit or not _WORD.search(unit):
            continue
        times = STUTTER_TIMES if _LETTER.search(unit) else NUMBER_TIMES
        if text.endswith(unit * times):
            return size, len(text) - size * times
    return None

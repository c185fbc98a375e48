"""Rules that look at whole lines of a suggestion, one after the other, and say where it must end."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from ..syntax.place import only_closers

_CLOSING_LINE = re.compile(r"\s*([)\]}]+[;,)]*|end|fi|done|esac)\s*[;,)]*\s*$")
_WORD = re.compile(r"\w")
_PART_OF_WORD = re.compile(r"[^\s,;|&+*/.=()-]*$")
_CLAUSE = re.compile(
    r"\s*((\}\s*)?(else|elif|elsif|elseif|except|rescue|ensure|catch|finally)\b|\}\s*while\b|until\b)"
)
_DEFINITION = re.compile(
    r"\s*((export|default|public|private|protected|static|abstract|final|async|pub)\s+)*"
    r"(def|class|fn|func|function|interface|struct|enum|trait|impl|module)\b|\s*@\w"
)
_OPENER = re.compile(r"([:{(\[]|=>|->|\b(then|do|else|begin))\s*$|^\s*(def|function|class|module)\b")
TAB_WIDTH = 4
BETWEEN = 40
"""So many characters may be put in ahead of more code in a line; a longer text tells the line anew."""
_SEARCHED = 8_000


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

    outer: int
    """The indentation of the line that opens the block that the cursor is in; -1 if there is none."""

    @classmethod
    def of(cls, prefix: str, suffix: str) -> Surroundings:
        head, _, line_head = prefix[-_SEARCHED:].rpartition("\n")
        line_rest, _, following = suffix[:_SEARCHED].partition("\n")
        above = (line for line in reversed(head.split("\n")) if line.strip())
        below = (line for line in following.split("\n") if line.strip())
        nearest = tuple(islice(above, 1))
        outer = _outer(line_head, chain(nearest, above))
        return cls(line_head, line_rest, "".join(nearest), tuple(islice(below, 3)), outer)

    @property
    def floor(self) -> int:
        """A later line that is not indented deeper than this has left the block."""
        if self.line_head.strip() and _OPENER.search(self.line_head):
            return indentation(self.line_head)
        return indentation(self.line_head) - 1

    @property
    def rest_is_code(self) -> bool:
        """Whether more than closing brackets follows in the cursor's line."""
        return not only_closers(self.line_rest)

    @property
    def joins_rest(self) -> bool:
        """Whether a blank between the suggestion and the rest of the line matters."""
        return bool(self.line_rest.strip()) and self.line_rest[0] not in " \t\r)]},;:"


def _outer(line_head: str, above: Iterable[str]) -> int:
    if line_head.strip() and _OPENER.search(line_head):
        return indentation(line_head)
    depth = indentation(line_head)
    return next((found for line in above if (found := indentation(line)) < depth), -1)


def fits_between(text: str, around: Surroundings) -> bool:
    """Whether a text can stand ahead of more code in its line: it is short, and joins no words."""
    joined = _WORD.match(text[-1:]) and _WORD.match(around.line_rest[:1])
    return len(text) <= BETWEEN and not joined


def copies_above(line: str, earlier: Sequence[str], around: Surroundings) -> bool:
    """Whether a whole line only says again what stands right above it; ``earlier`` are the suggestion's
    lines ahead of it, of which the first belongs to the cursor's line."""
    if not earlier:
        line = around.line_head + line
    filled = (
        [each for each in [around.line_head + earlier[0], *earlier[1:]] if each.strip()] if earlier else []
    )
    above = filled[-1] if filled else around.line_above
    return significant(line) and line.strip() == above.strip()


def continues_below(line: str, around: Surroundings) -> bool:
    """Whether the suggestion has arrived at the text that follows the cursor anyway."""
    if not around.next_lines or not significant(line):
        return False
    return line.strip() == around.next_lines[0].strip()


def leaves_block(line: str, around: Surroundings) -> bool:
    """Whether a later line of the suggestion is outside the block that the cursor is in."""
    return bool(line.strip()) and indentation(line) <= around.floor


def is_closing_line(line: str) -> bool:
    """Whether a line has closing brackets or closing words only."""
    return _CLOSING_LINE.match(line) is not None


def closes_block(line: str, around: Surroundings) -> bool:
    """Whether a line that leaves the block is its closing line, and the text below lacks it."""
    if not is_closing_line(line) or indentation(line) < around.floor:
        return False
    closer = line.strip()[0]
    below = around.next_lines[0].strip() if around.next_lines else ""
    return not below.startswith(closer) and not around.line_rest.strip().startswith(closer)


def closed_below(line: str, around: Surroundings) -> bool:
    """Whether a closing line is what the text below begins with."""
    if not is_closing_line(line) or not around.next_lines:
        return False
    below = around.next_lines[0]
    return below.strip()[0] == line.strip()[0] and indentation(below) == indentation(line)


def begins_another(line: str, earlier: Sequence[str], around: Surroundings) -> bool:
    """Whether the suggestion is a definition, which is whole, and goes on with something else."""
    if not earlier or earlier[-1].strip() or not line.strip() or around.line_head.strip():
        return False
    return bool(_DEFINITION.match(earlier[0])) and indentation(line) <= indentation(around.line_head)


def continues_statement(line: str, around: Surroundings) -> bool:
    """Whether a line that leaves the block is a further clause, as ``else``, of the statement around it."""
    return bool(_CLAUSE.match(line)) and indentation(line) == around.outer


def in_brackets(text: str, python: bool) -> bool:
    """Whether a bracket is open at the end of ``text``, so that indentation means nothing. Braces count in
    Python only: in other languages they are blocks."""
    openers, closers = ("([{", ")]}") if python else ("([", ")]")
    depth = 0
    for line in text.split("\n"):
        quote = ""
        for at, char in enumerate(line):
            if quote:
                quote = "" if char == quote and line[at - 1] != "\\" else quote
            elif char in "\"'`" and (at == 0 or not line[at - 1].isalnum()):
                quote = char
            elif char == "#" and python:
                break
            else:
                depth += (char in openers) - (char in closers and depth > 0)
    return depth > 0


def repetition_start(lines: Sequence[str]) -> int | None:
    """The index from which the last lines only repeat those right before them, or None: one line three
    times, or several lines twice."""
    if len(lines) >= 3 and significant(lines[-1]) and len({line.rstrip() for line in lines[-3:]}) == 1:
        return len(lines) - 2
    stripped = [line.rstrip() for line in lines]
    for size in range(2, len(lines) // 2 + 1):
        again = stripped[-size:]
        if again == stripped[-2 * size : -size] and any(map(significant, again)):
            return len(lines) - size
    return None


def repeated(lines: Sequence[str], index: int) -> bool:
    """Whether the line at ``index`` says what an earlier one said."""
    line = lines[index].rstrip()
    return significant(line) and any(line == earlier.rstrip() for earlier in lines[:index])


UNIT = 24
ENDLESS, CUT_OFF = (12, 192), (8, 64)
"""How many times in a row, and over how many characters, the same few of them must stand there before a
line is taken to go on without end; less is enough in a line that a limit has cut off."""


def loop_start(line: str, least: tuple[int, int] = ENDLESS, checked: int = 0) -> int | None:
    """Where a line must end that says the same up to 24 characters again and again, or None.

    Looks for the first place, after the first ``checked`` characters, where they stand there too often. A
    line that has nothing ahead of them ends at 0.
    """
    times, characters = least
    for end in range(max(checked, characters), len(line) + 1):
        for size in range(1, UNIT + 1):
            run = size * max(times, -(-characters // size))
            if run <= end and line[end - size] == line[end - 2 * size]:
                unit = line[end - size : end]
                if _WORD.search(unit) and line.endswith(unit * (run // size), 0, end):
                    start = end - run
                    return len(whole_words(line, start + size)) if line[:start].strip() else 0
    return None


def whole_words(line: str, end: int | None = None) -> str:
    """The line up to ``end`` without a part of a word there, and without a dangling operator or comma."""
    kept = line[:end]
    if end is None or _WORD.match(line[end : end + 1]):
        kept = _PART_OF_WORD.sub("", kept)
    return kept.rstrip(" ,;|&+-*/.=(")

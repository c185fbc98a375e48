"""Lines of a suggestion where the file's own lines would be: its tabs or spaces, its width, its levels.

A line is as deep as the one above, one step deeper where that opens a block, or as deep as a block around.
What a model indents otherwise is put right; where nobody can tell, as behind a line that goes on, its blanks
stay.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from itertools import islice, pairwise

from ..syntax.languages import find_language
from ..syntax.neighbourhood import indentation
from ..types import FimRequest
from .brackets import closers_for, unmatched_closers

_WITHOUT = {"html", "yaml"}
_OPENS = re.compile(
    r"([:{(\[>|]|=>|->|\b(then|do|else|begin)|\bfunction\b.*\)|^\s*[^\s(]+\))\s*((#|//|--).*)?$|"
    r"^\s*(\}\s*)?(if|unless|while|until|for|case|when|begin|def|class|module|else|elsif|rescue|ensure|do|function|"
    r"repeat|switch|try)\b(?!.*[;}]\s*$)"
)
_OPENS_BRACES = re.compile(
    r"([:{(\[>|]|=>|->|^\s*where)\s*(//.*)?$|^\s*(\}\s*)?((else\s+)?if|for|foreach|while|else|do)\b(.*\))?\s*$"
)
_OPENS_PYTHON = re.compile(r"[:{(\[]\s*(#.*)?$")
_GOES_ON = re.compile(r"([\\,=&|+*/.<?-]|\b(and|or|not|in|is))\s*$")
_CONTINUES = re.compile(r"\s*([.?:&|+*/<>=,)-]|\]|\}|(and|or|then|do|end|where)\b)")
_LEAVES = re.compile(
    r"(?!.*\s(if|unless)\s(?!.*\selse\s))\s*(return|raise|break|continue|throw|goto)\b[^{]*$"
)
_AFTER_LEAVING = re.compile(r"\s*([})\]#@/*]|case\b|default\b|end\b|else|elif|\w+:)")
_SEARCHED, _LINES, _HEADER_LINES = 12_000, 200, 20
_STEPS = ("\t", "  ", "    ", "        ")


class Indents:
    """The levels of one place; follows the lines of one suggestion."""

    def __init__(self, request: FimRequest) -> None:
        spec = find_language(request.language, request.path)
        above, _, self._head = request.prefix[-_SEARCHED:].rpartition("\n")
        rest = request.suffix[:_SEARCHED].partition("\n")
        self._off = spec is None or spec.id in _WITHOUT or bool(rest[0].strip())
        self._python = spec is not None and spec.id == "python"
        braces = spec is not None and spec.line_comment == "//"
        self._opens = _OPENS_PYTHON if self._python else _OPENS_BRACES if braces else _OPENS
        self._above = above.split("\n")[-_LINES:]
        self._below = rest[2].split("\n")[:_LINES]
        self._known: dict[str, str] = {}

    def fix(self, line: str, earlier: list[str]) -> str | None:
        """The line with the blanks that it should have; None where a line of its level cannot stand.
        ``earlier`` are the suggestion's lines ahead of it, of which the first belongs to the cursor's."""
        head = "" if earlier else self._head
        if self._off or not line.strip() or head.strip():
            return line
        blanks = head + _blanks(line)
        if blanks not in self._known:
            level = self._level(blanks, line, earlier)
            if level is None or not level.startswith(head):
                return None if level is None else line
            self._known[blanks] = level
        return self._known[blanks][len(head) :] + line.lstrip(" \t")

    def _level(self, blanks: str, line: str, earlier: list[str]) -> str | None:
        lines = [self._head + earlier[0], *earlier[1:]] if earlier else []
        before = [each for each in [*self._above, *lines] if each.strip() and not _directive(each)]
        above = before[-1] if before else ""
        own = _blanks(_begins(before)) if before else ""
        opens = bool(self._opens.search(above))
        if line.lstrip().startswith("}") and own and not opens and not closers_for(above):
            return blanks if blanks in _shallower(before, own) else None
        if _CONTINUES.match(line) or _GOES_ON.search(above) or (closers_for(above) and not opens):
            return blanks
        levels = [own, *_shallower(before, own)]
        if opens:
            inner = own + self._unit if self._unit else blanks
            levels = [inner, *(() if self._python else levels)]
        elif _LEAVES.match(above) and not _AFTER_LEAVING.match(line):
            if blanks == own:
                return None
            levels = levels[1:] or [""]
        return min(levels, key=lambda level: abs(indentation(level) - indentation(blanks)))

    @cached_property
    def _unit(self) -> str:
        """One step of indentation, as near lines have it most; empty where none has."""
        steps = Counter[str]()
        for lines in ([*self._above, self._head + "."], self._below):
            filled = [line for line in lines if line.strip()]
            for above, line in pairwise(filled):
                outer, inner = _blanks(above), _blanks(line)
                if inner.startswith(outer) and self._opens.search(above):
                    steps[inner[len(outer) :]] += 1
        return next((step for step, _ in steps.most_common() if step in _STEPS), "")


def _shallower(lines: list[str], blanks: str) -> Iterator[str]:
    """The levels around a line that has these blanks, the deepest first."""
    depth = indentation(blanks)
    for line in islice(reversed(lines), _LINES):
        if (width := indentation(line)) < depth:
            depth = width
            yield _blanks(line)
    if depth:
        yield ""


def _begins(lines: list[str]) -> str:
    """The line that opens what the last one closes, as that of a header over several lines; else that one."""
    missing = 0
    for line in reversed(lines[-_HEADER_LINES:]):
        missing += len(list(unmatched_closers(line)))
        missing = max(0, missing - len(closers_for(line)))
        if not missing:
            return line
    return lines[-1]


def _directive(line: str) -> bool:
    """Preprocessor lines stand anywhere."""
    return line.startswith("#") and not line.startswith(("# ", "#!"))


def _blanks(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]

"""What a small model says again because it stands near: lines and names that right code has only once."""

from __future__ import annotations

import re
from functools import cached_property

from ..types import FimRequest

_IMPORT = re.compile(r"(import\b|from\s+\S+\s+import\b|#\s*include\b|use\s|using\s|require\b|require_once\b)")
_DEFINITION = re.compile(
    r"((export|default|public|private|protected|static|abstract|final|async|pub|local)\s+)*"
    r"(def|class|fn|func|function|interface|struct|enum|trait|impl|module)\s+\S"
)
_HEADER = re.compile(r"(for|while|if|elif|else if|switch|with|try|do|unless|until)\b|.*[{:]$|.*\b(do|then)$")
_OPERAND = re.compile(
    r"(?P<one>[A-Za-z_][\w.]{4,})(?:\s*(?P<sign>\*|\+|/|-|&&|\|\||\band\b|\bor\b)\s*(?P=one)\b(?![\w.(\[])){2,}"
)
_PARAMETER = re.compile(r"[(,]\s*(?:\*{0,2}|&|\.\.\.)?([A-Za-z_]\w*)\s*(?=[,):=]|$)")
_UNTYPED = ("python", "javascript", "javascriptreact", "ruby", "lua")
_SEARCHED, _LINES = 12_000, 120


class Echoes:
    """The lines around one cursor that are not to be said again."""

    def __init__(self, request: FimRequest) -> None:
        self._request = request
        self._head = request.prefix[-_SEARCHED:].rpartition("\n")[2]

    def says_again(self, line: str, first: bool) -> bool:
        """Whether a line, which goes on with the cursor's if it is the ``first``, is an import that is there,
        a definition that stands in the same block, or the head of a block that the cursor is in."""
        whole = (self._head if first else "") + line
        text = whole.strip()
        if _IMPORT.match(text) and not (text.startswith("use ") and whole[:1].isspace()):
            return self._imported(text)
        if _DEFINITION.match(text):
            if whole.rstrip() in self._siblings:
                return True
            return self._request.language in _UNTYPED and _repeats_parameter(text.partition(")")[0])
        return bool(_HEADER.match(text)) and len(text) > 5 and self._opened(text, _depth(whole))

    def _imported(self, text: str) -> bool:
        pattern = re.compile(rf"^[ \t]*{re.escape(text)}[ \t]*$", re.M)
        return any(pattern.search(each) for each in (self._above, self._request.suffix[:_SEARCHED]))

    @property
    def _above(self) -> str:
        """All lines ahead of the cursor's."""
        return self._request.prefix[: len(self._request.prefix) - len(self._head)]

    @cached_property
    def _near(self) -> tuple[list[str], list[str]]:
        """Filled lines above, the nearest first, and below."""
        above = self._above[-_SEARCHED:].split("\n")[::-1]
        below = self._request.suffix[:_SEARCHED].split("\n")[1:]
        return [line for line in above if line.strip()][:_LINES], [line for line in below if line.strip()][
            :_LINES
        ]

    @cached_property
    def _siblings(self) -> set[str]:
        """Definitions at each level, as far as no shallower line stands between."""
        found = set[str]()
        for lines in self._near:
            shallowest = 1 << 20
            for line in lines:
                depth = _depth(line)
                shallowest = min(shallowest, depth)
                if depth == shallowest and _DEFINITION.match(line.lstrip()):
                    found.add(line.rstrip())
        return found

    def _opened(self, text: str, depth: int) -> bool:
        """Whether one of the lines that open the blocks around a line of that depth is this text."""
        for line in self._near[0]:
            if (own := _depth(line)) < depth:
                depth = own
                if line.strip() == text:
                    return True
        return False


def operands_end(line: str) -> int | None:
    """Where a line must end in which one name is joined with itself more than once, as in
    ``size * size * size``: behind the first one; None if it has no such place."""
    found = _OPERAND.search(line)
    return found.end("one") if found else None


def _repeats_parameter(text: str) -> bool:
    """Whether a definition has two parameters of one name."""
    names = _PARAMETER.findall(text) if "(" in text else []
    return len(set(names)) < len(names)


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())

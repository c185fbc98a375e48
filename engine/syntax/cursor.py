"""What stands at a cursor: code, a comment or a string; and whether a block begins there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from .languages import find_language
from .tree import SyntaxTree

Place = Literal["code", "comment", "string"]
_BEFORE, _AFTER = 4_000, 1_000
_COLON = re.compile(r":\s*(#.*)?$")
_COLON_STATEMENT = re.compile(
    r"^\s*(async\s+)?(def|class|if|elif|else|for|while|with|try|except|finally|match|case|default)\b"
)
_OPENS_BLOCK = re.compile(r"(\{|\bdo|\bthen|\belse|=>)\s*(//.*|#.*)?$")
_OPENS_WITH_END = re.compile(
    r"^\s*(local\s+)?(def|class|module|function)\b|\bfunction\s*\([^)]*\)\s*$|\bdo(\s*\|.*\|)?$"
)
_CLOSERS_ONLY = re.compile(r"[\s)\]};,:\"'>]*$")


@dataclass(frozen=True, slots=True)
class CursorContext:
    place: Place
    block: bool
    """Whether several lines belong here: an empty body, or an empty line after one that opens a block."""


def at_cursor(prefix: str, suffix: str, language: str, path: str) -> CursorContext:
    """Look at the text around a cursor; without a grammar everything is code."""
    place: Place = "code"
    if (spec := find_language(language, path)) is not None:
        before = prefix[-_BEFORE:].encode("utf-8", "replace")
        tree = SyntaxTree(spec, before + suffix[:_AFTER].encode("utf-8", "replace"))
        place = _place_in(tree, len(before))
    return CursorContext(place, place == "code" and _block_starts(prefix, suffix, language))


def _place_in(tree: SyntaxTree, at: int) -> Place:
    """What stands at byte offset ``at``: the innermost comment, string or interpolation around it."""
    node = tree.root.descendant_for_byte_range(max(0, at - 1), max(0, at - 1))
    while node is not None:
        if "interpolation" in node.type or "substitution" in node.type:
            return "code"
        if "comment" in node.type and node.start_byte < at <= node.end_byte:
            return "comment"
        if "string" in node.type and node.start_byte < at < node.end_byte:
            return "string"
        node = node.parent
    return "code"


def _block_starts(prefix: str, suffix: str, language: str) -> bool:
    line_rest = suffix.partition("\n")[0]
    if not _CLOSERS_ONLY.match(line_rest):
        return False
    head, _, line = prefix.rpartition("\n")
    opener = line if line.strip() else _last_filled(head)
    if not _opens_block(opener, language):
        return False
    return not _body_exists(opener, suffix)


def _opens_block(line: str, language: str) -> bool:
    if language in ("ruby", "lua") and _OPENS_WITH_END.search(line):
        return True
    if _COLON.search(line):
        return language == "yaml" or (bool(_COLON_STATEMENT.match(line)) and _closed(line))
    return bool(_OPENS_BLOCK.search(line))


def _closed(line: str) -> bool:
    return all(line.count(opener) == line.count(closer) for opener, closer in ("()", "[]", "{}"))


def _last_filled(text: str) -> str:
    return next((line for line in reversed(text[-_BEFORE:].split("\n")) if line.strip()), "")


def _body_exists(opener: str, suffix: str) -> bool:
    """Whether a deeper line follows already, so that the body is there and one line is asked for."""
    following = next((line for line in suffix.split("\n")[1:50] if line.strip()), "")
    return bool(following) and _indentation(following) > _indentation(opener)


def _indentation(line: str) -> int:
    expanded = line.expandtabs(4)
    return len(expanded) - len(expanded.lstrip())

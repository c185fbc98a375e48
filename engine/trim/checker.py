"""Syntax as a judge: a suggestion may end where the file has no more errors than it had without it."""

from __future__ import annotations

from functools import cached_property

from ..syntax.languages import find_language
from ..syntax.tree import Edit, SyntaxTree

_NEARBY = 4_000


class SyntaxChecker:
    """Counts the parse errors of prefix + text + suffix, near the cursor; parses incrementally."""

    def __init__(self, prefix: str, suffix: str, language: str, path: str) -> None:
        self._before = _from_line_start(prefix).encode("utf-8", "replace")
        self._after = suffix[:_NEARBY].encode("utf-8", "replace")
        self._spec = find_language(language, path)
        self._middle = b""

    @property
    def knows_language(self) -> bool:
        return self._spec is not None

    def acceptable(self, text: str) -> bool:
        """Whether inserting ``text`` leaves no more errors than there are without it."""
        if self._tree is None:
            return True
        base = self._base_errors
        return self.errors(text) <= base

    def errors(self, text: str) -> int:
        """How many errors the file has with ``text`` inserted."""
        if self._tree is None:
            return 0
        self._insert(text.encode("utf-8", "replace"))
        return self._tree.errors()

    @cached_property
    def _tree(self) -> SyntaxTree | None:
        return SyntaxTree(self._spec, self._before + self._after) if self._spec else None

    @cached_property
    def _base_errors(self) -> int:
        return self.errors("")

    def _insert(self, middle: bytes) -> None:
        start, old, new = len(self._before), self._middle, middle
        if self._tree is None or old == new:
            return
        row = self._before.count(b"\n")
        column = start - (self._before.rfind(b"\n") + 1)
        old_point, new_point = _advance(row, column, old), _advance(row, column, new)
        self._tree.edit(Edit(start, start + len(old), start + len(new), (row, column), old_point, new_point))
        self._middle = new
        self._tree.update(self._before + new + self._after)


def _advance(row: int, column: int, text: bytes) -> tuple[int, int]:
    newlines = text.count(b"\n")
    if not newlines:
        return row, column + len(text)
    return row + newlines, len(text) - text.rfind(b"\n") - 1


def _from_line_start(prefix: str) -> str:
    if len(prefix) <= _NEARBY:
        return prefix
    return prefix[prefix.find("\n", len(prefix) - _NEARBY) + 1 :]

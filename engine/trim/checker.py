"""Syntax as a judge: a suggestion may end where the file has no more errors than it had without it."""

from __future__ import annotations

from functools import cached_property

from ..syntax.languages import find_language
from ..syntax.neighbourhood import Neighbourhood
from ..syntax.tree import Edit, SyntaxTree
from ..types import FimRequest


class SyntaxChecker:
    """Counts the parse errors around the cursor with a text put in; parses only what changes."""

    def __init__(self, request: FimRequest) -> None:
        self._spec = find_language(request.language, request.path)
        self._request = request
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
    def _around(self) -> tuple[bytes, bytes]:
        request = self._request
        if self._spec is None:
            return b"", b""
        found = Neighbourhood.of(request.prefix, request.suffix, self._spec, request.left_out)
        return found.before.encode("utf-8", "replace"), found.after.encode("utf-8", "replace")

    @cached_property
    def _tree(self) -> SyntaxTree | None:
        return SyntaxTree(self._spec, b"".join(self._around)) if self._spec else None

    @cached_property
    def _base_errors(self) -> int:
        return self.errors("")

    def _insert(self, middle: bytes) -> None:
        before, after = self._around
        start, old, new = len(before), self._middle, middle
        if self._tree is None or old == new:
            return
        row = before.count(b"\n")
        column = start - (before.rfind(b"\n") + 1)
        old_point, new_point = _advance(row, column, old), _advance(row, column, new)
        self._tree.edit(Edit(start, start + len(old), start + len(new), (row, column), old_point, new_point))
        self._middle = new
        self._tree.update(before + new + after)


def _advance(row: int, column: int, text: bytes) -> tuple[int, int]:
    newlines = text.count(b"\n")
    if not newlines:
        return row, column + len(text)
    return row + newlines, len(text) - text.rfind(b"\n") - 1

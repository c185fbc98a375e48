"""A syntax tree that follows its text: edits are told to tree-sitter, which parses again only what
changed. Offsets are bytes of the UTF-8 text; points are (row, byte column)."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from functools import cache

from tree_sitter import Language, Node, Parser, Query, QueryCursor, Tree

from .languages import LanguageSpec, grammar

Point = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Edit:
    """``[start, old_end)`` of the old bytes became ``[start, new_end)`` of the new ones."""

    start: int
    old_end: int
    new_end: int
    start_point: Point
    old_end_point: Point
    new_end_point: Point


class SyntaxTree:
    """The tree of one text in one language."""

    def __init__(self, spec: LanguageSpec, source: bytes) -> None:
        self.spec = spec
        self._parser = Parser(grammar(spec))
        self._tree: Tree = self._parser.parse(source)
        self._stale = False

    def copy(self) -> SyntaxTree:
        """A tree of its own, which costs nearly nothing."""
        made = copy(self)
        made._tree = self._tree.copy()
        return made

    @property
    def root(self) -> Node:
        return self._tree.root_node

    def edit(self, edit: Edit) -> None:
        """Tell of an edit; :meth:`update` must follow before the tree is read."""
        self._tree.edit(
            edit.start, edit.old_end, edit.new_end,
            edit.start_point, edit.old_end_point, edit.new_end_point,
        )  # fmt: skip
        self._stale = True

    def update(self, source: bytes) -> None:
        """Parse what the edits changed."""
        if self._stale:
            self._tree = self._parser.parse(source, self._tree)
            self._stale = False

    def errors(self) -> int:
        """How many places the parser could not make sense of, or had to add something to."""
        if not self.root.has_error:
            return 0
        found = QueryCursor(_error_query(grammar(self.spec))).captures(self.root)
        return max(1, sum(map(len, found.values())))  # a query does not find a missing end of line


@cache
def _error_query(language: Language) -> Query:
    return Query(language, "(ERROR) @error (MISSING) @missing")

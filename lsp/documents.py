"""Open documents, kept exactly as the editor has them: text, line starts, syntax tree.

A text is UTF-8 bytes with an index of line starts. An edit replaces bytes, mends the index around it and
tells the tree, so its cost does not grow with what was typed before.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from fimble.engine.syntax.languages import find_language
from fimble.engine.syntax.tree import Edit, Point, SyntaxTree

from .positions import Encoding, bytes_to_column, column_to_bytes, decode, encode

_LINE_END = re.compile(rb"\r\n|\r|\n")
MAX_TREE_BYTES = 2_000_000
"""Beyond this a file is treated as plain text."""


@dataclass(frozen=True, slots=True)
class Place:
    """A position as protocols have it: line and column from 0, the column in the negotiated unit."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a request works on: nothing in it changes when the document does."""

    uri: str
    version: int
    language: str
    prefix: str
    suffix: str
    place: Place


@dataclass
class Document:
    """One open document."""

    uri: str
    language: str
    version: int
    encoding: Encoding
    data: bytes
    starts: list[int] = field(init=False)
    _tree: SyntaxTree | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.replace(self.data)

    @property
    def text(self) -> str:
        return decode(self.data)

    def replace(self, data: bytes) -> None:
        """Take another text altogether."""
        self.data = data
        self.starts = line_starts(data)
        spec = find_language(self.language, self.uri)
        small = len(data) <= MAX_TREE_BYTES
        self._tree = SyntaxTree(spec, data) if spec and small else None

    def change(self, start: Place, end: Place, text: str) -> None:
        """Replace what is between two places."""
        first, last = self.offset(start), self.offset(end)
        first, last = min(first, last), max(first, last)
        new = encode(text)
        before = (self._point(first), self._point(last)) if self._tree else None
        self.data = self.data[:first] + new + self.data[last:]
        self._mend_starts(first, last, len(new))
        if self._tree is not None and before is not None:
            after = first + len(new)
            self._tree.edit(Edit(first, last, after, *before, self._point(after)))

    @property
    def tree(self) -> SyntaxTree | None:
        """The syntax tree of the text as it is now; None for plain text and huge files.

        It hears of every edit, and parses again only when it is read: in a large file with an error in it
        that can take fifty milliseconds, and no keystroke needs it.
        """
        if self._tree is not None:
            self._tree.update(self.data)
        return self._tree

    def offset(self, place: Place) -> int:
        """The byte offset of a place; past the end means the end."""
        if place.line >= len(self.starts):
            return len(self.data)
        start, end = self._line_span(max(0, place.line))
        return start + column_to_bytes(self.data[start:end], place.column, self.encoding)

    def place(self, offset: int) -> Place:
        """The place of a byte offset."""
        line = bisect_right(self.starts, offset) - 1
        start = self.starts[line]
        return Place(line, bytes_to_column(self.data[start:offset], offset - start, self.encoding))

    def snapshot(self, place: Place) -> Snapshot:
        """The text before and after a place, with what a request needs to know beside it."""
        at = self.offset(place)
        return Snapshot(
            self.uri,
            self.version,
            self.language,
            decode(self.data[:at]),
            decode(self.data[at:]),
            self.place(at),
        )

    def _line_span(self, line: int) -> tuple[int, int]:
        """Start and end of a line, its line end left out."""
        start = self.starts[line]
        if line + 1 >= len(self.starts):
            return start, len(self.data)
        end = self.starts[line + 1]
        return start, end - (2 if self.data[end - 2 : end] == b"\r\n" else 1)

    def _point(self, offset: int) -> Point:
        """Row and byte column as tree-sitter counts them, for which only "\\n" ends a line."""
        return self.data.count(b"\n", 0, offset), offset - (self.data.rfind(b"\n", 0, offset) + 1)

    def _mend_starts(self, first: int, last: int, new_length: int) -> None:
        """Find line ends again from the line that holds ``first`` to the one after the edit."""
        grown = new_length - (last - first)
        # a "\r" just before the edit may pair up with a "\n" that the edit brought, or lose one
        low = max(0, bisect_right(self.starts, max(0, first - 1)) - 1)
        high = bisect_right(self.starts, last + 1)
        begin = self.starts[low]
        end = self.starts[high] + grown if high < len(self.starts) else len(self.data)
        found = [match.end() for match in _LINE_END.finditer(self.data, begin, end)]
        if high < len(self.starts) and found and found[-1] == end:
            found.pop()
        tail = [start + grown for start in self.starts[high:]]
        self.starts = [*self.starts[: low + 1], *found, *tail]


def line_starts(data: bytes) -> list[int]:
    """Byte offsets at which lines start."""
    return [0, *(match.end() for match in _LINE_END.finditer(data))]


class Documents:
    """All open documents by address, in the order in which they were opened."""

    def __init__(self) -> None:
        self.encoding: Encoding = "utf-16"
        self._open: dict[str, Document] = {}

    def __iter__(self) -> Iterator[Document]:
        return iter(list(self._open.values()))

    def get(self, uri: str) -> Document | None:
        return self._open.get(uri)

    def open(self, uri: str, language: str, version: int, text: str) -> Document:
        document = Document(uri, language, version, self.encoding, encode(text))
        self._open[uri] = document
        return document

    def close(self, uri: str) -> None:
        self._open.pop(uri, None)

"""Open documents, kept exactly as the editor has them.

A text is a list of lines with their line ends. An edit splits the lines around it anew, so its cost hardly
grows with the file. Counts and indexes are characters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice

from .positions import Encoding, Place, index_of, units
from .snapshot import Snapshot, cut_after, cut_before

_Asked = tuple[int, Place, Place, str]
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


@dataclass(eq=False, slots=True)
class Document:
    """One open document. ``refusal`` says why its text is not kept; None when it is."""

    uri: str
    language: str
    encoding: Encoding
    path: str = ""
    """Its path from the workspace's folder, or its name."""
    lines: list[str] = field(init=False, default_factory=lambda: [""])
    length: int = field(init=False, default=0)
    revision: int = field(init=False, default=0)
    """Grows with every edit, whatever the editor's own version does."""
    cursor: Place | None = field(init=False, default=None)
    """Where the user was last, as far as edits and requests tell."""
    touched: int = field(init=False, default=0)
    """Of several documents the one with the highest number was viewed or edited last."""
    refusal: str | None = field(init=False, default=None)
    _taken: tuple[_Asked, Snapshot] | None = field(init=False, default=None)
    """The last snapshot: what is read ahead and what is asked for are mostly of the same place."""

    @property
    def text(self) -> str:
        return "".join(self.lines)

    def replace(self, text: str) -> None:
        """Take another text altogether."""
        self.lines, self.length = split_lines(text), len(text)
        self.revision += 1

    def change(self, start: Place, end: Place, text: str) -> Place:
        """Replace what is between two places; returns where the new text ends."""
        first, last = sorted((self._index(start), self._index(end)))
        low, high = max(0, first[0] - 1), min(len(self.lines), last[0] + 2)
        ahead = "".join(self.lines[low : first[0]]) + self.lines[first[0]][: first[1]]
        behind = self.lines[last[0]][last[1] :] + "".join(self.lines[last[0] + 1 : high])
        removed = sum(map(len, self.lines[low:high])) - len(ahead) - len(behind)
        at_end = high == len(self.lines)
        # a "\r" next to the edit may pair up with a "\n", or lose one: so the neighbours are split too
        new = _LINE.findall(ahead + text + behind)
        self.lines[low:high] = _ended(new) if at_end else new
        self.length += len(text) - removed
        self.revision += 1
        return self._place_from(low, len(ahead) + len(text))

    def offset(self, place: Place) -> int:
        """The number of characters before a place."""
        return self._count(*self._index(place))

    def place(self, offset: int) -> Place:
        """The place that has so many characters before it."""
        return self._place_from(0, offset)

    def head(self, characters: int) -> str:
        """The text's first characters."""
        taken: list[str] = []
        for line in self.lines:
            if characters <= 0:
                break
            taken.append(line[:characters])
            characters -= len(line)
        return "".join(taken)

    def around(self, place: Place, characters: int) -> str:
        """Whole lines around a place, at most so many characters; none where its own line is longer."""
        low = high = self._index(place)[0]
        left = characters - len(self.lines[low])
        if left < 0:
            return ""
        above = below = True
        while above or below:
            above = above and low > 0 and len(self.lines[low - 1]) <= left
            if above:
                low -= 1
                left -= len(self.lines[low])
            below = below and high + 1 < len(self.lines) and len(self.lines[high + 1]) <= left
            if below:
                high += 1
                left -= len(self.lines[high])
        return "".join(self.lines[low : high + 1])

    def snapshot(self, start: Place, end: Place | None = None, inserted: str = "") -> Snapshot:
        """The text around a place as a request needs it; as if ``inserted`` stood between ``start`` and
        ``end``, where those are given."""
        asked = (self.revision, start, end or start, inserted)
        if self._taken is None or self._taken[0] != asked:
            self._taken = asked, self._snapshot(start, end or start, inserted)
        return self._taken[1]

    def _snapshot(self, start: Place, end: Place, inserted: str) -> Snapshot:
        first, last = sorted((self._index(start), self._index(end)))
        before = self._count(*first)
        after = self.length - (before if last == first else self._count(*last))
        left_out = cut_before(before + len(inserted))
        return Snapshot(
            uri=self.uri,
            revision=self.revision,
            language=self.language,
            prefix=self._before(*first, max(0, before - left_out)) + inserted,
            suffix=self._after(*last, after - cut_after(after)),
            left_out=left_out,
            behind=after,
            start=self._column(*first),
            end=self._column(*last),
            inserted=inserted,
        )

    def _count(self, line: int, index: int) -> int:
        """The number of characters before an index in a line."""
        return sum(map(len, islice(self.lines, line))) + index

    def _before(self, line: int, index: int, count: int) -> str:
        taken = [self.lines[line][:index]]
        have = index
        while have < count:
            line -= 1
            taken.append(self.lines[line])
            have += len(self.lines[line])
        return "".join(reversed(taken))[have - count :]

    def _after(self, line: int, index: int, count: int) -> str:
        taken = [self.lines[line][index:]]
        have = len(taken[0])
        while have < count:
            line += 1
            taken.append(self.lines[line])
            have += len(self.lines[line])
        return "".join(taken)[:count]

    def _index(self, place: Place) -> tuple[int, int]:
        """The line and the index in it of a place; past the end means the end."""
        if place.line >= len(self.lines):
            return len(self.lines) - 1, len(self.lines[-1])
        line = max(0, place.line)
        return line, index_of(self.lines[line].rstrip("\r\n"), place.column, self.encoding)

    def _column(self, line: int, index: int) -> Place:
        return Place(line, units(self.lines[line][:index], self.encoding))

    def _place_from(self, line: int, count: int) -> Place:
        """The place ``count`` characters behind the start of ``line``."""
        for at in range(line, len(self.lines)):
            size = len(self.lines[at])
            if count < size or at == len(self.lines) - 1:
                # inside "\r\n" is no place of an editor: it is before it
                inside = min(count, len(self.lines[at].rstrip("\r\n")))
                return self._column(at, inside)
            count -= size
        raise AssertionError("a document has at least one line")


def split_lines(text: str) -> list[str]:
    """Lines with their line ends; the last one has none and may be empty."""
    return _ended(_LINE.findall(text))


def _ended(lines: list[str]) -> list[str]:
    return lines if lines and lines[-1][-1] not in "\r\n" else [*lines, ""]

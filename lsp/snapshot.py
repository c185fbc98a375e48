"""What a request works on: the text around the cursor, which stays as it is when the document changes."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from .limits import CONTEXT_CHARACTERS, CONTEXT_STEP, WORD_CHARACTERS
from .positions import Place

_WORD_BEFORE = re.compile(r"\w*$")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A place in one revision of a document.

    ``left_out`` counts the file's characters ahead of ``prefix``, ``behind`` all those after the cursor.
    A suggestion replaces what is between ``start`` and ``end``: nothing, or with ``inserted``, which
    ends ``prefix``, the text that the editor's menu would replace by it.
    """

    uri: str
    revision: int
    language: str
    prefix: str
    suffix: str
    left_out: int
    behind: int
    start: Place
    end: Place
    inserted: str = ""

    @property
    def before(self) -> int:
        """How many characters of the file stand before the cursor."""
        return self.left_out + len(self.prefix)

    @property
    def word(self) -> str:
        """The word before the cursor, as far as it is looked at; empty where none ends there."""
        found = _WORD_BEFORE.search(self.prefix[-WORD_CHARACTERS:])
        return found.group() if found else ""

    @property
    def line(self) -> tuple[str, str]:
        """What stands in the cursor's line before and behind it, as far as it is looked at."""
        begins = max(self.prefix.rfind("\n"), self.prefix.rfind("\r")) + 1
        return self.prefix[begins:], self.suffix.partition("\n")[0].partition("\r")[0]

    def typed(self, text: str) -> Snapshot:
        """The same with ``text`` written at the cursor."""
        left_out = cut_before(self.before + len(text))
        prefix = (self.prefix + text)[max(0, left_out - self.left_out) :]
        return replace(self, prefix=prefix, left_out=max(left_out, self.left_out))


def cut_before(before: int) -> int:
    """How many of ``before`` characters ahead of a cursor a context leaves out."""
    return max(0, before - CONTEXT_CHARACTERS) // CONTEXT_STEP * CONTEXT_STEP


def cut_after(after: int) -> int:
    """How many of ``after`` characters behind a cursor a context leaves out."""
    return max(0, after - CONTEXT_CHARACTERS) // CONTEXT_STEP * CONTEXT_STEP

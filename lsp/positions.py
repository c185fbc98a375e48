"""The one place where the editor's columns become indexes into a line and back.

Editors count a line's columns in UTF-16 units (the default), UTF-8 bytes or UTF-32 characters, as
negotiated. Here texts are ``str``; lone surrogates, which JSON can carry, are characters like others.
A column past a line's end means its end, one inside a character its start.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Literal

Encoding = Literal["utf-8", "utf-16", "utf-32"]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position as protocols have it: line and column from 0, the column in the negotiated unit."""

    line: int
    column: int


def encoding_name(negotiated: str | None) -> Encoding:
    """The unit of columns that was negotiated at the start; UTF-16 when nothing was."""
    match negotiated:
        case "utf-8":
            return "utf-8"
        case "utf-32":
            return "utf-32"
        case _:
            return "utf-16"


def units(text: str, encoding: Encoding) -> int:
    """How many units of the encoding a text has."""
    if encoding == "utf-32" or text.isascii():
        return len(text)
    if encoding == "utf-8":
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def index_of(line: str, column: int, encoding: Encoding) -> int:
    """The index in ``line`` (without its line end) of a column."""
    if column <= 0:
        return 0
    longest = min(column, len(line))  # no character has less than one unit
    if encoding == "utf-32" or line.isascii():
        return longest
    return bisect_right(range(longest + 1), column, key=lambda end: units(line[:end], encoding)) - 1

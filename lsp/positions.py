"""The one place where the editor's columns become byte offsets and back.

Editors count a line's columns in UTF-16 units (the default), UTF-8 bytes or UTF-32 characters, as
negotiated. Documents are kept as UTF-8 bytes; lone surrogates, which JSON can carry, are kept with the
``surrogatepass`` error handler. A column past a line's end means its end, one inside a character its
start.
"""

from __future__ import annotations

from typing import Literal

Encoding = Literal["utf-8", "utf-16", "utf-32"]
ERRORS = "surrogatepass"


def encoding_name(negotiated: str | None) -> Encoding:
    """The unit of columns that was negotiated at the start; UTF-16 when nothing was."""
    match negotiated:
        case "utf-8":
            return "utf-8"
        case "utf-32":
            return "utf-32"
        case _:
            return "utf-16"


def encode(text: str) -> bytes:
    """Text to the bytes that documents are kept as."""
    return text.encode("utf-8", ERRORS)


def decode(data: bytes) -> str:
    """The text of a document's bytes."""
    return data.decode("utf-8", ERRORS)


def column_to_bytes(line: bytes, column: int, encoding: Encoding) -> int:
    """The byte offset in ``line`` (without its line end) of a column."""
    if column <= 0:
        return 0
    if encoding == "utf-8":
        return _char_start(line, column)
    if line.isascii():
        return min(column, len(line))
    text = decode(line)
    if encoding == "utf-32":
        return len(encode(text[:column]))
    units = text.encode("utf-16-le", ERRORS)
    if _inside_pair(units, 2 * column):
        column -= 1
    return len(encode(units[: 2 * column].decode("utf-16-le", ERRORS)))


def bytes_to_column(line: bytes, offset: int, encoding: Encoding) -> int:
    """The column of a byte offset that lies on a character's start."""
    if encoding == "utf-8" or line[:offset].isascii():
        return offset
    text = decode(line[:offset])
    return len(text) if encoding == "utf-32" else len(text.encode("utf-16-le", ERRORS)) // 2


def utf16_length_to_characters(text: str, units: int) -> int:
    """How many characters of ``text`` lie within its first ``units`` UTF-16 units."""
    return len(decode(encode(text)[: column_to_bytes(encode(text), units, "utf-16")]))


def _char_start(line: bytes, offset: int) -> int:
    if offset >= len(line):
        return len(line)
    while offset > 0 and line[offset] & 0xC0 == 0x80:
        offset -= 1
    return offset


def _inside_pair(units: bytes, at: int) -> bool:
    """Whether the two halves of a surrogate pair stand on both sides of ``at``."""
    high, low = units[at - 1 : at], units[at + 1 : at + 2]
    return bool(high and low) and high[0] & 0xFC == 0xD8 and low[0] & 0xFC == 0xDC

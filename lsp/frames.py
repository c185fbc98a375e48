"""How messages are told apart in a stream of bytes: headers, an empty line, so many bytes of JSON.

The parser does no input and output of its own. It takes nothing for a message that does not begin with the
two headers that the protocol has, so that what a browser sends to a port is no message.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .limits import HEADER_BYTES, MESSAGE_BYTES

_END = b"\r\n\r\n"


class BadFrame(Exception):
    """What came is no message; nothing after it can be read. The message says what it was."""


@dataclass(frozen=True, slots=True)
class TooLong:
    """A message was skipped, since it has so many bytes."""

    size: int


class FrameParser:
    """Feed it what was read, in pieces of any size."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._wanted: int | None = None
        self._skipping = 0

    def feed(self, data: bytes) -> Iterator[bytes | TooLong]:
        """The messages that are complete now. Raises :class:`BadFrame`, after which nothing is to be fed."""
        self._buffer += data
        while True:
            self._skip()
            if self._skipping or (self._wanted is None and not self._read_headers()):
                return
            if self._wanted is None:
                continue
            if self._wanted > MESSAGE_BYTES:
                self._skipping, self._wanted = self._wanted, None
                yield TooLong(self._skipping)
                continue
            if len(self._buffer) < self._wanted:
                return
            body = bytes(self._buffer[: self._wanted])
            del self._buffer[: self._wanted]
            self._wanted = None
            yield body

    def _skip(self) -> None:
        count = min(self._skipping, len(self._buffer))
        del self._buffer[:count]
        self._skipping -= count

    def _read_headers(self) -> bool:
        """Take the headers, if they are complete."""
        end = self._buffer.find(_END, 0, HEADER_BYTES)
        head = bytes(self._buffer[: end if end >= 0 else HEADER_BYTES])
        lines = head.split(b"\r\n")
        for line in lines if end >= 0 else lines[:-1]:
            _check(line)
        if end < 0:
            if len(self._buffer) >= HEADER_BYTES:
                raise BadFrame("Headers without an end")
            return False
        self._wanted = _length(lines)
        del self._buffer[: end + len(_END)]
        return True


def _check(line: bytes) -> None:
    if line.partition(b":")[0].strip().lower() not in (b"content-length", b"content-type"):
        raise BadFrame(f"The header {line[:40]!r} is none of a language client's")


def _length(lines: list[bytes]) -> int:
    for line in lines:
        name, _, value = line.partition(b":")
        value = value.strip()
        if name.strip().lower() == b"content-length" and value.isdigit() and len(value) <= 12:
            return int(value)
    raise BadFrame("Headers without a length")

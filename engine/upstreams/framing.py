"""The body of an answer, taken apart within bounds: events, lines, or one document."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp

from ..limits import UPSTREAM_ANSWER_BYTES, UPSTREAM_DOCUMENT_BYTES, UPSTREAM_EVENT_BYTES
from .base import DONE, Ask

CONTENT_TYPES = {
    "events": "text/event-stream",
    "lines": "application/x-ndjson",
    "document": "application/json",
}


async def items(response: aiohttp.ClientResponse, ask: Ask) -> AsyncIterator[bytes]:
    """Each event or line, or the whole document. The body is read to its end, so that its connection can be
    used again; what stands behind the mark of its end is not looked at. Raises ``ValueError`` for too much,
    ``EOFError`` where that mark is missing."""
    if ask.framing == "document":
        yield await document(response)
        return
    done = False
    async for line in _lines(response):
        data = _data(line) if ask.framing == "events" else line.strip()
        if done or not data:
            continue
        done = data == DONE
        if not done:
            yield data
    if not done and ask.done is not None:
        raise EOFError("it ended in the middle of its answer")


async def document(response: aiohttp.ClientResponse) -> bytes:
    """A body as a whole. Raises ``ValueError`` for too much."""
    held = bytearray()
    async for chunk in response.content.iter_any():
        held += chunk
        _refuse(len(held) > UPSTREAM_DOCUMENT_BYTES)
    return bytes(held)


def _data(line: bytes) -> bytes:
    """What a line of server-sent events brings; one line each, as all servers here send them."""
    return line[5:].strip() if line.startswith(b"data:") else b""


async def _lines(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    held, searched, taken = bytearray(), 0, 0
    async for chunk in response.content.iter_any():
        held += chunk
        taken += len(chunk)
        while (end := held.find(b"\n", searched)) >= 0:
            line, searched = bytes(held[:end]), 0
            del held[: end + 1]
            _refuse(len(line) > UPSTREAM_EVENT_BYTES)
            yield line
        searched = len(held)
        _refuse(taken > UPSTREAM_ANSWER_BYTES or len(held) > UPSTREAM_EVENT_BYTES)
    if held:
        yield bytes(held)


def _refuse(too_long: bool) -> None:
    if too_long:
        raise ValueError("its answer is far too long")

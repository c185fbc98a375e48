"""A server that answers each connection with the bytes that a test gives it, right or wrong."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
LAST: dict[str, Any] = {"delta": "", "finish_reason": "stop", "model": "big", "usage": {"prompt_tokens": 3}}


def event(value: Any) -> bytes:
    return b"data: " + (value if isinstance(value, bytes) else json.dumps(value).encode()) + b"\n\n"


def stream(*values: Any, done: bool = True) -> bytes:
    """A streamed answer with an event for each value, ended by closing the connection."""
    return (
        HEAD
        + b"Connection: close\r\n\r\n"
        + b"".join(map(event, values))
        + (event(b"[DONE]") if done else b"")
    )


def reply(
    status: int, body: bytes, kind: str = "application/json", more: str = "Connection: keep-alive\r\n"
) -> bytes:
    head = f"HTTP/1.1 {status} Any\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


def chunked(*values: Any) -> bytes:
    """The same, after which the connection stays open."""
    body = b"".join(map(event, [*values, b"[DONE]"]))
    head = HEAD + b"Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)


@dataclass
class Upstream:
    """``answer`` is sent to every request, while ``gate`` is open; None sends nothing and holds the
    connection. The connection stays open where the answer has a header that says so, or with ``keeps``; the
    next ``drops`` requests get no answer, but the end of their connection. The first of ``answers`` are said
    before that, one to each request."""

    answer: bytes | None = None
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    answers: list[bytes] = field(default_factory=list)
    url: str = ""
    keeps: bool = False
    drops: int = 0
    asked: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    connections: int = 0
    answered: int = 0
    closed: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = [
                    int(line[15:]) for line in head.split(b"\r\n") if line[:15].lower() == b"content-length:"
                ]
                body = await reader.readexactly(length[0]) if length else b"{}"
                await self._note(partial(self.asked.append, json.loads(body)))
                self.paths.append(head.split()[1].decode())
                if self.drops:
                    self.drops -= 1
                    break
                if self.answer is None and not self.answers:
                    await reader.read()  # until the client gives up
                    break
                await self.gate.wait()
                answer = self.answers.pop(0) if self.answers else self.answer or b""
                writer.write(answer)
                await writer.drain()
                await self._note(self._count)
                if not self.keeps and b"keep-alive" not in answer:
                    break
        writer.close()
        await self._note(self._close)

    async def until(self, condition: Callable[[], object]) -> None:
        async with self.changed:
            await asyncio.wait_for(self.changed.wait_for(lambda: bool(condition())), 30)

    def _count(self) -> None:
        self.answered += 1

    def _close(self) -> None:
        self.closed += 1

    async def _note(self, change: Callable[[], object]) -> None:
        async with self.changed:
            change()
            self.changed.notify_all()


@asynccontextmanager
async def upstream(answer: bytes | None = None) -> AsyncIterator[Upstream]:
    made = Upstream(answer)
    made.gate.set()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        server.close()

"""Peers of an HTTP server that behave badly, as bare sockets."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.e2e.server.conftest import Served

HEAD = b"Host: localhost\r\nContent-Type: application/json\r\n"
PROMPT = {"prompt": "x = ", "max_tokens": 4000, "stream": True}
RUDE = {
    "silent": b"",
    "half a head": b"POST /complete HTTP/1.1\r\nHost: loc",
    "half a body": b"POST /complete HTTP/1.1\r\n" + HEAD + b"Content-Length: 100\r\n\r\n{",
    "idle": b"GET /health HTTP/1.1\r\n" + HEAD + b"\r\n",
    "unread page": b"GET /page.js HTTP/1.1\r\n" + HEAD + b"\r\n",
    "nonsense": b"\x16\x03\x01\x00\xff" * 9,
}


def connect(served: Served, small: bool = False) -> socket.socket:
    host, port = served.url.removeprefix("http://").split(":")
    client = socket.socket()
    if small:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(60)
    client.connect((host, int(port)))
    return client


def post(path: str, body: object) -> bytes:
    """A whole request."""
    data = json.dumps(body).encode()
    return f"POST {path} HTTP/1.1\r\n".encode() + HEAD + b"Content-Length: %d\r\n\r\n" % len(data) + data


@contextmanager
def crowd(served: Served, count: int, sent: bytes) -> Iterator[None]:
    """Peers that send this and never read, until the end of the block."""
    with ExitStack() as open_sockets:
        for _ in range(count):
            client = open_sockets.enter_context(connect(served, small=True))
            try:
                client.sendall(sent)
            except ConnectionError:
                continue  # it has lost its place already
        yield


def descriptors(process: int) -> int:
    return len(os.listdir(f"/proc/{process}/fd"))


def state(process: int) -> str:
    """As ps shows it; T is stopped."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]

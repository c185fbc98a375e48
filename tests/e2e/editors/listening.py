"""Sockets that keep what they are sent: a proxy that serves nobody, and a relay in front of a server."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

CHUNK = 65_536
IDLE_SECONDS = 120.0
REFUSAL = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Listener:
    """Listens on a free port of this machine. ``heard`` is all that was sent to it, of all connections."""

    def __init__(self, target: tuple[str, int] | None = None) -> None:
        """Everything is handed on to ``target``; without one, whoever connects is refused."""
        self.heard = bytearray()
        self._target = target
        self._server = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.getsockname()[1]}"

    def close(self) -> None:
        for each in [self._server, *self._open]:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                client, _ = self._server.accept()
                client.settimeout(IDLE_SECONDS)
                self._open.append(client)
                serve = self._refuse if self._target is None else self._relay
                threading.Thread(target=serve, args=(client,), daemon=True).start()

    def _refuse(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            self.heard += client.recv(CHUNK)
            client.sendall(REFUSAL)
            while data := client.recv(CHUNK):
                self.heard += data
            client.close()

    def _relay(self, client: socket.socket) -> None:
        assert self._target is not None
        server = socket.create_connection(self._target, IDLE_SECONDS)
        self._open.append(server)
        threading.Thread(target=_copy, args=(server, client, bytearray()), daemon=True).start()
        _copy(client, server, self.heard)


def _copy(source: socket.socket, target: socket.socket, kept: bytearray) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(CHUNK):
            kept += data
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def listening(target: tuple[str, int] | None = None) -> Iterator[Listener]:
    listener = Listener(target)
    try:
        yield listener
    finally:
        listener.close()

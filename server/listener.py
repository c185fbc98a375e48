"""Accepting connections, one at a time, while there is room for them, and again after the system had none.

asyncio's own servers accept without a bound, and count no connection before its TLS handshake is over.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import ssl
from collections.abc import Callable, Coroutine
from typing import Any

from .connections import Connection, Connections
from .limits import ACCEPT_PAUSE_SECONDS, BACKLOG, HANDSHAKE_SECONDS

log = logging.getLogger(__name__)
ABSENT = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
MakeProtocol = Callable[[Connection], asyncio.Protocol]


class Listener:
    """Listens on every address that a host name has, from :meth:`start` to :meth:`close`."""

    def __init__(
        self, connections: Connections, protocol: MakeProtocol, tls: ssl.SSLContext | None = None
    ) -> None:
        self._connections, self._protocol, self._tls = connections, protocol, tls
        self._sockets: list[socket.socket] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._exhausted = False

    async def start(self, host: str, port: int) -> int:
        """The port, which is chosen for 0. Raises :class:`OSError` where an address cannot be had."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        refused: OSError | None = None
        for family, _, _, _, address in dict.fromkeys(found):
            try:
                # one port for all addresses, also where it is chosen
                self._bind(family, (address[0], self._port or port, *address[2:]))
            except OSError as error:
                refused = error
                if error.errno not in ABSENT:  # as ::1 is where there is no IPv6
                    break
        if refused is not None and (not self._sockets or refused.errno not in ABSENT):
            self.close()
            raise refused
        for each in self._sockets:
            self._spawn(self._accept_often(each))
        return self._port

    def close(self) -> None:
        """Accept no more; connections that are open stay so."""
        for task in self._tasks:
            task.cancel()
        for each in self._sockets:
            each.close()
        self._sockets.clear()

    @property
    def _port(self) -> int:
        return int(self._sockets[0].getsockname()[1]) if self._sockets else 0

    def _bind(self, family: int, address: tuple[Any, ...]) -> None:
        made = socket.create_server(address, family=family, backlog=BACKLOG)
        made.setblocking(False)
        self._sockets.append(made)

    async def _accept_often(self, listening: socket.socket) -> None:
        while True:
            try:
                await self._accept(listening)
            except ConnectionAbortedError:
                continue
            except OSError as error:  # no descriptor or memory left, and asked again it says so at once
                self._note_exhausted(error)
                self._connections.make_room()
                await asyncio.sleep(ACCEPT_PAUSE_SECONDS)

    async def _accept(self, listening: socket.socket) -> None:
        accepted, address = await asyncio.get_running_loop().sock_accept(listening)
        self._exhausted = False
        try:
            await self._connections.room()
        except asyncio.CancelledError:
            accepted.close()
            raise
        connection = Connection(str(address[0]), accepted.close)
        if self._connections.add(connection):
            self._spawn(self._open(connection, accepted))
        else:
            accepted.close()

    async def _open(self, connection: Connection, accepted: socket.socket) -> None:
        """Shake hands where TLS is wanted; then the connection is the protocol's, which removes it."""
        task = asyncio.current_task()
        assert task is not None
        connection.drop = task.cancel
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: self._protocol(connection),
                accepted,
                ssl=self._tls,
                ssl_handshake_timeout=HANDSHAKE_SECONDS if self._tls else None,
            )
        except BaseException as error:
            asyncio.get_running_loop().call_soon(accepted.close)  # after the transport has let go of it
            self._connections.remove(connection)
            if not isinstance(error, OSError):
                raise
            log.info("a connection failed before its first request: %s", type(error).__name__)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _note_exhausted(self, error: OSError) -> None:
        if not self._exhausted:
            log.warning("connections cannot be accepted now: %s", error.strerror)
        self._exhausted = True

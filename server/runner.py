"""The application on its sockets: from listening to the last answer."""

from __future__ import annotations

import ssl

from aiohttp import web

from .connections import Connection, Connections, most_connections
from .limits import IDLE_SECONDS, MAX_HEADERS, MAX_LINE_BYTES
from .listener import Listener
from .protocol import JsonProtocol


class Runner(web.AppRunner):
    """An :class:`AppRunner` whose connections are bounded and speak :class:`JsonProtocol`. A client that goes
    away cancels its handler, and with it the model's work."""

    def __init__(self, app: web.Application, shutdown_seconds: float) -> None:
        # aiohttp waits so long twice: for handlers to finish, then for them to notice that they should
        super().__init__(app, shutdown_timeout=shutdown_seconds / 2, access_log=None)
        self.connections = Connections(most_connections())
        self._listeners: list[Listener] = []

    async def listen(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> int:
        """Accept connections until :meth:`cleanup`; gives the port, which is chosen for 0. May be called for
        several ports."""
        listener = Listener(self.connections, self._protocol, tls)
        found = await listener.start(host, port)
        self._listeners.append(listener)
        return found

    async def cleanup(self) -> None:
        for listener in self._listeners:
            listener.close()
        await super().cleanup()

    def cut_off(self) -> None:
        """End every request that still runs."""
        for connection in self.server.connections if self.server else ():
            connection.force_close()
            if isinstance(connection, JsonProtocol):
                connection.cancel_handler()

    async def _make_server(self) -> web.Server:
        await super()._make_server()
        return web.Server(
            self._app._handle,  # type: ignore[arg-type]
            request_factory=self._app._make_request,
            handler_cancellation=True,
        )

    def _protocol(self, connection: Connection) -> JsonProtocol:
        assert self.server is not None
        return JsonProtocol(
            self.server,
            self.connections,
            connection,
            access_log=None,
            max_line_size=MAX_LINE_BYTES,
            max_field_size=MAX_LINE_BYTES,
            max_headers=MAX_HEADERS,
            keepalive_timeout=IDLE_SECONDS,
        )

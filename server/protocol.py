"""How connections are spoken on: errors that aiohttp answers by itself in the API's shape too, a deadline for
whatever is written, and a note of who keeps whom waiting."""

from __future__ import annotations

import asyncio
import logging
import socket
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import ContentEncodingError, LineTooLong
from aiohttp.web_protocol import RequestHandler

from .connections import CONNECTION, Connection, Connections
from .errors import INVALID, ApiError, of_any, of_http
from .limits import SEND_BUFFER_BYTES, WRITE_BYTES, WRITE_SECONDS
from .reply import error_response

log = logging.getLogger(__name__)


class JsonProtocol(RequestHandler):
    """aiohttp's protocol with our errors and deadlines."""

    __slots__ = ("_connection", "_connections", "_line", "_write_deadline")

    def __init__(
        self, server: web.Server, connections: Connections, connection: Connection, **options: Any
    ) -> None:
        super().__init__(server, loop=asyncio.get_running_loop(), **options)
        self._connections, self._connection = connections, connection
        self._line: asyncio.Transport | None = None
        self._write_deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        # aiohttp forgets the transport when it begins to close, which takes as long as the peer likes
        self._line = transport
        self._connection.drop = transport.abort
        # writing counts as paused until everything is sent; at 0 a TLS transport would not always resume
        transport.set_write_buffer_limits(high=1, low=0)
        connection = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._connections.remove(self._connection)
        self._line = None
        self._cancel_write_deadline()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._connection.waits()
        self._set_write_deadline()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._cancel_write_deadline()
        if self._request_in_progress:
            self._connection.works()

    def _set_write_deadline(self) -> None:
        assert self._line is not None
        waiting = self._line.get_write_buffer_size()
        self._write_deadline = self._loop.call_later(WRITE_SECONDS, self._check_written, waiting)

    def _cancel_write_deadline(self) -> None:
        if self._write_deadline is not None:
            self._write_deadline.cancel()
            self._write_deadline = None

    def _check_written(self, waiting: int) -> None:
        """Disconnect a reader that took too little of what was ``waiting``."""
        if self._line is None:
            return
        if waiting - self._line.get_write_buffer_size() < WRITE_BYTES:
            log.info("a client that does not read its answer is disconnected")
            self._line.abort()
        else:
            self._set_write_deadline()

    async def _handle_request(
        self,
        request: web.BaseRequest,
        start_time: float | None,
        request_handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
    ) -> tuple[web.StreamResponse, bool]:
        await self._drain_helper()  # or a client that asks and never reads has answers pile up here
        request[CONNECTION] = self._connection
        self._connection.works()
        try:
            return await super()._handle_request(request, start_time, request_handler)
        finally:
            self._connection.waits()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """For what no handler has seen; says nothing of what was sent."""
        if request.writer.output_size > 0:
            raise ConnectionError("part of another answer is sent already")
        number = uuid.uuid4().hex
        log.info("%s no valid HTTP request: %s", number, type(exc).__name__)
        response = error_response(_of_protocol(status, exc, number))
        response.headers["x-request-id"] = number
        response.force_close()
        return response

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Errors that are raised while routing, before any middleware, are answers in plain text."""
        if isinstance(resp, web.HTTPException):
            resp = error_response(of_http(resp))
            resp.headers["x-request-id"] = uuid.uuid4().hex
        return await super().finish_response(request, resp, start_time)

    async def _drain_helper(self) -> None:
        """aiohttp keeps a waiter that was cancelled when time was up: it would cancel the last word too."""
        if self._drain_waiter is not None and self._drain_waiter.done():
            self._drain_waiter = None
        await super()._drain_helper()

    def cancel_handler(self) -> None:
        if self._task_handler is not None:
            self._task_handler.cancel()


def _of_protocol(status: int, error: BaseException | None, number: str) -> ApiError:
    if isinstance(error, LineTooLong):
        return ApiError(413, INVALID, "request_too_large", "The request line or a header is too long.")
    if isinstance(error, ContentEncodingError):
        message = "This Content-Encoding is not known here; gzip and deflate are."
        return ApiError(415, INVALID, "unsupported_media_type", message)
    if status >= 500:
        return of_any(error if isinstance(error, Exception) else RuntimeError(), number)
    return ApiError(400, INVALID, "invalid_value", "This is no valid HTTP/1.1 request.")

"""What aiohttp answers by itself, in the API's shape too: bytes that are no HTTP request, heads that are
too large, and clients that never finish theirs."""

from __future__ import annotations

import asyncio
import logging
import socket
import uuid
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import ContentEncodingError, LineTooLong
from aiohttp.web_protocol import RequestHandler

from .errors import INVALID, ApiError, of_any, of_http
from .reply import error_response

log = logging.getLogger(__name__)
MAX_LINE_BYTES = 8_190
MAX_HEADERS = 100
IDLE_SECONDS = 75.0
"""How long a connection may take until the next request's head is whole."""
SEND_BUFFER_BYTES = 65_536
"""Systems buffer megabytes by themselves: whole answers, which the model would make for nobody to read."""


class JsonProtocol(RequestHandler):
    """aiohttp's protocol with our errors."""

    __slots__ = ()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        connection = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)

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


class _Server(web.Server):
    def __init__(self, app: web.Application, **options: Any) -> None:
        super().__init__(app._handle, request_factory=app._make_request, **options)  # type: ignore[arg-type]

    def __call__(self) -> RequestHandler:
        return JsonProtocol(self, loop=asyncio.get_running_loop(), **self._kwargs)


class Runner(web.AppRunner):
    """An :class:`AppRunner` whose connections speak :class:`JsonProtocol`. A client that goes away cancels
    its handler, and with it the model's work."""

    def __init__(self, app: web.Application, shutdown_seconds: float) -> None:
        # aiohttp waits so long twice: for handlers to finish, then for them to notice that they should
        super().__init__(app, shutdown_timeout=shutdown_seconds / 2, access_log=None)

    def cut_off(self) -> None:
        """End every request that still runs."""
        for connection in self.server.connections if self.server else ():
            connection.force_close()
            if isinstance(connection, JsonProtocol):
                connection.cancel_handler()

    async def _make_server(self) -> web.Server:
        await super()._make_server()
        return _Server(
            self._app,
            handler_cancellation=True,
            access_log=None,
            max_line_size=MAX_LINE_BYTES,
            max_field_size=MAX_LINE_BYTES,
            max_headers=MAX_HEADERS,
            keepalive_timeout=IDLE_SECONDS,
        )

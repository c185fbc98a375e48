"""Responses: compact JSON, since some clients look at the raw bytes, and server-sent events."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing

from aiohttp import web
from pydantic import BaseModel

from .call import Call
from .endpoint import Events
from .errors import ApiError, of_any
from .limits import LAST_WORD_SECONDS
from .trace import TRACE


def compact(value: BaseModel | dict[str, object]) -> bytes:
    """JSON without spaces after colons and commas; a model's unset fields are left out."""
    if isinstance(value, BaseModel):
        return value.model_dump_json(exclude_unset=True, by_alias=True).encode()
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def json_response(value: BaseModel | dict[str, object], status: int = 200) -> web.Response:
    return web.Response(body=compact(value), status=status, content_type="application/json")


def error_response(error: ApiError) -> web.Response:
    response = json_response(error.body(), error.status)
    response.headers.update(error.headers())
    return response


def failure(request: web.Request, error: Exception) -> ApiError:
    """The error as this endpoint's clients see it; noted in the request's trace."""
    trace = request[TRACE]
    found = of_any(error, trace.id)
    trace.code = found.code
    if found.status == 401 and trace.endpoint is not None:
        return ApiError(401, trace.endpoint.unauthorized, found.code, found.message)
    return found


async def send_events(request: web.Request, call: Call, events: Events) -> web.StreamResponse:
    """Events until there are no more, then ``[DONE]``. Writing waits for slow readers. An error before the
    first event is an ordinary response; a later one is the last event."""
    response = web.StreamResponse(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
    response.content_type, response.charset = "text/event-stream", "utf-8"
    try:
        async with call.bounded(), aclosing(events):
            async for event in events:
                await _write(request, response, compact(event))
            await _write(request, response, b"[DONE]")
            await response.write_eof()
    except ConnectionError:
        raise
    except Exception as error:
        if not response.prepared:
            raise
        await _say_last(request, response, error)
    return response


async def _say_last(request: web.Request, response: web.StreamResponse, error: Exception) -> None:
    found = failure(request, error)
    try:
        async with asyncio.timeout(LAST_WORD_SECONDS):
            await _write(request, response, compact(found.body()))
            await response.write_eof()
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()


async def _write(request: web.Request, response: web.StreamResponse, data: bytes) -> None:
    if not response.prepared:
        await response.prepare(request)
    await response.write(b"data: " + data + b"\n\n")

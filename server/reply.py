"""Responses: compact JSON, since some clients look at the raw bytes, and server-sent events."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing

from aiohttp import web
from pydantic import BaseModel

from .call import Call
from .dialect import OWN, Dialect
from .dialects.paths import dialect_at
from .endpoint import Events
from .errors import ApiError, of_any
from .limits import LAST_WORD_SECONDS
from .trace import TRACE

_STREAMS = {"events": "text/event-stream", "lines": "application/x-ndjson"}


def compact(value: BaseModel | dict[str, object]) -> bytes:
    """JSON without spaces after colons and commas; a model's unset fields are left out."""
    if isinstance(value, BaseModel):
        return value.model_dump_json(exclude_unset=True, by_alias=True).encode()
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def json_response(value: BaseModel | dict[str, object], status: int = 200) -> web.Response:
    return web.Response(body=compact(value), status=status, content_type="application/json")


def error_response(error: ApiError, dialect: Dialect = OWN) -> web.Response:
    status, body = dialect.failed(error)
    response = json_response(body, status)
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


def dialect_of(request: web.Request) -> Dialect:
    """The dialect of the endpoint that is asked; of an address where there is none, that of its
    neighbours."""
    endpoint = request[TRACE].endpoint
    return endpoint.dialect if endpoint is not None else dialect_at(request.path)


async def send_events(request: web.Request, call: Call, events: Events) -> web.StreamResponse:
    """Events until there are no more, then ``[DONE]`` where the dialect has it. Writing waits for slow
    readers. An error before the first event is an ordinary response; a later one is the last event."""
    dialect = dialect_of(request)
    response = web.StreamResponse(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
    response.content_type, response.charset = _STREAMS[dialect.stream], "utf-8"
    try:
        async with call.bounded(), aclosing(events):
            async for event in events:
                await _write(request, response, compact(event), dialect)
            if dialect.done:
                await _write(request, response, b"[DONE]", dialect)
            if not response.prepared:
                await response.prepare(request)
            await response.write_eof()
    except ConnectionError:
        raise
    except Exception as error:
        if not response.prepared:
            raise
        await _say_last(request, response, error)
    return response


async def _say_last(request: web.Request, response: web.StreamResponse, error: Exception) -> None:
    dialect = dialect_of(request)
    _, body = dialect.failed(failure(request, error))
    try:
        async with asyncio.timeout(LAST_WORD_SECONDS):
            await _write(request, response, compact(body), dialect)
            await response.write_eof()
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()


async def _write(request: web.Request, response: web.StreamResponse, data: bytes, dialect: Dialect) -> None:
    if not response.prepared:
        await response.prepare(request)
    await response.write(data + b"\n" if dialect.stream == "lines" else b"data: " + data + b"\n\n")

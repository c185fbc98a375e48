"""The way of every request: key, limits, input, handler, answer. Every error becomes JSON here."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web
from pydantic import BaseModel

from .admission import admitted_key
from .body import read_input
from .call import Call
from .connections import CONNECTION
from .endpoint import AnyEndpoint
from .guide import better_address
from .reply import dialect_of, error_response, failure, json_response, send_events
from .services import SERVICES
from .trace import TRACE, begin, note

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
WENT_AWAY, WENT_AWAY_CODE = 499, "client_went_away"


@web.middleware
async def answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The only middleware: whatever is raised becomes the API's error shape, and every end is noted."""
    trace, status = begin(request), WENT_AWAY
    try:
        response = await handler(request)
        status = response.status
    except (asyncio.CancelledError, ConnectionError):
        trace.code = WENT_AWAY_CODE
        raise
    except Exception as error:
        response = _refused(error, request)
        status = response.status
    finally:
        note(request.app[SERVICES], request.method, trace, status)
    return response


def served(endpoint: AnyEndpoint) -> Handler:
    """The web handler of an endpoint."""

    async def handle(request: web.Request) -> web.StreamResponse:
        services, trace = request.app[SERVICES], request[TRACE]
        trace.endpoint, trace.path = endpoint, endpoint.path
        ends_at = asyncio.get_running_loop().time() + services.settings.request_seconds
        key = await admitted_key(request, endpoint, services.keys)
        if key is not None:
            request[CONNECTION].stranger = False
        trace.call = call = Call(services, key, ends_at)
        if key is None or not endpoint.counted:
            return await _answer(request, endpoint, call)
        try:
            async with services.rate_limits.admitted(key):
                return await _answer(request, endpoint, call)
        finally:
            trace.headers |= await services.rate_limits.headers(key)

    return handle


async def _answer(request: web.Request, endpoint: AnyEndpoint, call: Call) -> web.StreamResponse:
    limits, counted_key = call.services.rate_limits, call.key if endpoint.counted else None
    try:
        async with call.bounded():
            answer = await endpoint.handle(call, await read_input(request, endpoint))
        if isinstance(answer, web.Response):
            return answer
        if isinstance(answer, BaseModel):
            return json_response(answer)
        if counted_key is not None:
            request[TRACE].headers |= await limits.headers(counted_key)
        return await send_events(request, call, answer)
    finally:
        if counted_key is not None:
            await limits.charge(counted_key, call.spent.tokens)


def _refused(error: Exception, request: web.Request) -> web.Response:
    found = failure(request, error)
    if found.code in ("not_found", "method_not_allowed"):
        found.message += better_address(request.method, request.path)
    response = error_response(found, dialect_of(request))
    if isinstance(error, web.HTTPMethodNotAllowed):
        response.headers["Allow"] = error.headers["Allow"]
    return response

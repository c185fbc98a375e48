"""Reading requests: JSON bodies and query strings into a pydantic model, with errors that name the field."""

from __future__ import annotations

import asyncio
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from .connections import CONNECTION
from .endpoint import Endpoint
from .errors import INVALID, ApiError, invalid, of_validation
from .guide import better_body
from .json_bounds import too_many_values
from .limits import BODY_SECONDS, MAX_VALUES

Takes = TypeVar("Takes", bound=BaseModel)
JSON_TYPES = ("application/json", "text/json")
NOT_SAID = "application/octet-stream"
"""What aiohttp makes of a missing content type, which is taken as JSON."""


async def read_input(request: web.Request, endpoint: Endpoint[Takes]) -> Takes:
    """What the endpoint takes; raises what :mod:`.errors` turns into 400, 408, 413 or 415."""
    if endpoint.method == "GET":
        return endpoint.takes.model_validate({**request.query, **request.match_info})
    if not endpoint.dialect.any_media and request.content_type not in (*JSON_TYPES, NOT_SAID):
        raise web.HTTPUnsupportedMediaType
    _refuse_too_large(request)
    body = _object(await _read(request))
    try:
        return endpoint.takes.model_validate(body)
    except ValidationError as error:
        found = of_validation(error)
        found.message += better_body(endpoint.path, endpoint.takes.model_fields, body)
        raise found from error


async def _read(request: web.Request) -> bytes:
    """The whole body, within its time."""
    timeout = asyncio.timeout(BODY_SECONDS)
    try:
        with request[CONNECTION].reading_body():
            async with timeout:
                return await request.read()
    except web.RequestPayloadError as error:
        raise invalid("The request body broke off or is badly encoded.", code="invalid_json") from error
    except TimeoutError as error:
        message = f"The request body did not arrive within {BODY_SECONDS:g} seconds. Send it again."
        raise ApiError(408, "timeout_error", "deadline_exceeded", message) from error


def _object(text: bytes) -> dict[str, object]:
    if too_many_values(text, MAX_VALUES):
        message = f"The request body has more than {MAX_VALUES} values. Send fewer in one request."
        raise ApiError(413, INVALID, "request_too_large", message)
    try:
        value = from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise invalid("The request body is not valid JSON.", code="invalid_json") from error
    if not isinstance(value, dict):
        raise invalid("The request body must be a JSON object.", code="invalid_json")
    return value


def _refuse_too_large(request: web.Request) -> None:
    """At once, where the size is told; otherwise as soon as too much was read."""
    size, most = request.content_length or 0, request.client_max_size
    if size > most:
        raise web.HTTPRequestEntityTooLarge(most, size)

"""Reading requests: JSON bodies and query strings into a pydantic model, with errors that name the field."""

from __future__ import annotations

from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel
from pydantic_core import from_json

from .endpoint import Endpoint
from .errors import invalid

Takes = TypeVar("Takes", bound=BaseModel)
JSON_TYPES = ("application/json", "text/json")
NOT_SAID = "application/octet-stream"
"""What aiohttp makes of a missing content type, which is taken as JSON."""


async def read_input(request: web.Request, endpoint: Endpoint[Takes]) -> Takes:
    """What the endpoint takes; raises what :mod:`.errors` turns into 400, 413 or 415."""
    if endpoint.method == "GET":
        return endpoint.takes.model_validate({**request.query, **request.match_info})
    if request.content_type not in (*JSON_TYPES, NOT_SAID):
        raise web.HTTPUnsupportedMediaType
    _refuse_too_large(request)
    try:
        value = from_json(await request.read(), allow_inf_nan=False)
    except ValueError as error:
        raise invalid("The request body is not valid JSON.", code="invalid_json") from error
    except web.RequestPayloadError as error:
        raise invalid("The request body broke off or is badly encoded.", code="invalid_json") from error
    if not isinstance(value, dict):
        raise invalid("The request body must be a JSON object.", code="invalid_json")
    return endpoint.takes.model_validate(value)


def _refuse_too_large(request: web.Request) -> None:
    """At once, where the size is told; otherwise as soon as too much was read."""
    size, most = request.content_length or 0, request.client_max_size
    if size > most:
        raise web.HTTPRequestEntityTooLarge(most, size)

"""Every error as the API's JSON shape; the one place where exception classes become status codes."""

from __future__ import annotations

import logging
import math
import traceback
from typing import Any

from aiohttp import web
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from fimble.engine import errors

from .limits import MAX_PARAM
from .store.database import DatabaseUnavailable

log = logging.getLogger(__name__)
INVALID = "invalid_request_error"


class ApiError(Exception):
    """An error as clients see it. ``retry_after`` is in seconds."""

    def __init__(
        self,
        status: int,
        kind: str,
        code: str,
        message: str,
        param: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.kind, self.code = status, kind, code
        self.message, self.param, self.retry_after = message, param, retry_after

    def body(self) -> dict[str, Any]:
        found = {"message": self.message, "type": self.kind, "code": self.code, "param": self.param}
        return {"error": found}

    def headers(self) -> dict[str, str]:
        if self.status == 401:
            return {"WWW-Authenticate": "Bearer"}
        if self.retry_after is None:
            return {}
        return {"Retry-After": str(max(1, math.ceil(self.retry_after)))}


def invalid(message: str, param: str | None = None, code: str = "invalid_value") -> ApiError:
    return ApiError(400, INVALID, code, message, param)


def unsupported(param: str, message: str) -> ApiError:
    """A known parameter that nothing here can honour."""
    return ApiError(400, INVALID, "unsupported_parameter", message, param)


def overloaded(code: str, message: str, retry_after: float = 1.0) -> ApiError:
    return ApiError(503, "overloaded_error", code, message, retry_after=retry_after)


def unauthorized() -> ApiError:
    """One error for a key that is missing, malformed, unknown, revoked or expired."""
    message = "The API key is missing or not valid. Send it as: Authorization: Bearer KEY"
    return ApiError(401, "authentication_error", "invalid_api_key", message)


def lacking(message: str) -> ApiError:
    """The key has no scope for this."""
    return ApiError(403, "permission_error", "key_scope", message)


def too_late() -> ApiError:
    return ApiError(
        504, "timeout_error", "deadline_exceeded", "The answer took longer than this server allows."
    )


_KINDS: dict[type[errors.FimbleError], tuple[int, str, str | None]] = {
    errors.RequestError: (400, INVALID, None),
    errors.ModelNotFound: (404, INVALID, None),
    errors.NoFimTokens: (400, INVALID, "unsupported_parameter"),
    errors.Overloaded: (503, "overloaded_error", None),
    errors.ModelLoading: (503, "overloaded_error", None),
    errors.Superseded: (503, "overloaded_error", "overloaded"),
    errors.EngineClosed: (503, "overloaded_error", "overloaded"),
    errors.ModelError: (503, "overloaded_error", "upstream_unavailable"),
    errors.UpstreamError: (503, "overloaded_error", "upstream_unavailable"),
    DatabaseUnavailable: (503, "overloaded_error", "upstream_unavailable"),
    errors.DeadlineExceeded: (504, "timeout_error", None),
    errors.FimbleError: (500, "api_error", "internal_error"),
}
_HTTP = {
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address does not take this method."),
    413: ("request_too_large", "The request is larger than this server accepts."),
    415: ("unsupported_media_type", "Send JSON, with the header Content-Type: application/json."),
}


def of_engine(error: errors.FimbleError) -> ApiError:
    """The API's error for one of the engine's."""
    status, kind, code = next(_KINDS[c] for c in type(error).__mro__ if c in _KINDS)
    retry = getattr(error, "retry_after", 1.0) if status == 503 else None
    param = getattr(error, "param", None)
    return ApiError(status, kind, code or error.code, error.message, param, retry)


def of_validation(error: ValidationError) -> ApiError:
    """The first thing wrong with a request body, with the field's dotted name."""
    all_found = error.errors(include_url=False, include_context=False, include_input=False)
    start = _dotted(all_found[0])
    # of a union every alternative complains; the one that got furthest is what was meant
    within = [each for each in all_found if _dotted(each).startswith(start)]
    found = max(within, key=lambda each: _dotted(each).count("."))
    param = _dotted(found) or None
    if found["type"] == "missing":
        return invalid(f"`{param}` is required.", param, "missing_field")
    reason = found["msg"].removeprefix("Value error, ").rstrip(".")
    return invalid(f"`{param}`: {reason}." if param else f"{reason}.", param)


def _dotted(found: ErrorDetails) -> str:
    return ".".join(str(part) for part in found["loc"] if not _is_variant(part))[:MAX_PARAM]


def _is_variant(part: object) -> bool:
    """pydantic names the alternative of a union in the path, which is no part of the field's name.
    Alternatives are types (``str``, ``list[int]``, ``ToolChoice``) or our own tags (``<text>``)."""
    if not isinstance(part, str) or not part:
        return False
    return any(mark in part for mark in "[<") or part[0].isupper() or part in _PRIMITIVES


_PRIMITIVES = (
    "str", "int", "float", "bool", "constrained-str", "constrained-int", "constrained-float",
)  # fmt: skip


def of_http(error: web.HTTPException) -> ApiError:
    code, message = _HTTP.get(error.status, ("invalid_value", f"{error.reason}."))
    return ApiError(error.status, INVALID, code, message)


def of_any(error: Exception, request_id: str) -> ApiError:
    """The API's error for any exception. Unknown ones are logged here, without their message, which may
    hold what the user wrote; the client gets the id to ask about."""
    match error:
        case ApiError():
            return error
        case errors.FimbleError():
            return of_engine(error)
        case ValidationError():
            return of_validation(error)
        case web.HTTPException():
            return of_http(error)
        case _:
            where = "".join(traceback.format_tb(error.__traceback__))
            log.error("%s unexpected %s\n%s", request_id, type(error).__name__, where)
            message = f"Something went wrong in the server. Its log tells more of request {request_id}."
            return ApiError(500, "api_error", "internal_error", message)

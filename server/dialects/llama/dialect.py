"""How llama-server tells errors."""

from __future__ import annotations

from pydantic import BaseModel

from ...dialect import Dialect
from ...errors import ApiError

_TYPES = {
    400: "invalid_request_error", 401: "authentication_error", 403: "permission_error",
    404: "not_found_error", 501: "not_supported_error", 503: "unavailable_error",
}  # fmt: skip


class LlamaFailure(BaseModel):
    code: int
    message: str
    type: str


class LlamaError(BaseModel):
    """``code`` is the HTTP status."""

    error: LlamaFailure


def _failed(error: ApiError) -> tuple[int, dict[str, object]]:
    status = 501 if error.code == "unsupported_parameter" else error.status
    kind = _TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    if error.code == "context_length_exceeded":
        kind = "exceed_context_size_error"
    return status, {"error": {"code": status, "message": error.message, "type": kind}}


LLAMA = Dialect("llama-server", _failed, LlamaError, done=False, any_media=True)

"""How Mistral tells errors: what is wrong with a body as FastAPI does, with 422, all else as an object."""

from __future__ import annotations

from pydantic import BaseModel

from ...dialect import Dialect
from ...errors import ApiError

_OF_BODIES = ("invalid_value", "missing_field", "invalid_json", "unsupported_parameter")


class MistralDetail(BaseModel):
    loc: list[str | int]
    msg: str
    type: str


class MistralError(BaseModel):
    """``detail`` with status 422, the rest otherwise."""

    detail: list[MistralDetail] | None = None
    object: str | None = None
    message: str | None = None
    type: str | None = None
    param: str | None = None
    code: str | None = None


def _failed(error: ApiError) -> tuple[int, dict[str, object]]:
    if error.status == 400 and error.code in _OF_BODIES:
        parts: list[str | int] = [int(p) if p.isdecimal() else p for p in (error.param or "").split(".") if p]
        found = {"loc": ["body", *parts], "msg": error.message, "type": error.code}
        return 422, {"detail": [found]}
    said = {"object": "error", "message": error.message, "type": error.kind, "param": error.param}
    return error.status, {**said, "code": error.code}


MISTRAL = Dialect("Mistral", _failed, MistralError)

"""What differs between families of clients apart from the bodies: how errors look, and how streams are
written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

from .errors import ApiError
from .schema.errors import ErrorResponse

Failed = Callable[[ApiError], tuple[int, dict[str, object]]]
"""From an error to the status and the JSON that this family's clients understand."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One family. ``error`` is the shape of its errors, which ``failed`` makes.

    Streams are server-sent ``events``, of which the last one is ``[DONE]`` where ``done`` says so, or
    ``lines`` of JSON. With ``any_media`` a body is read as JSON whatever its content type says, as the
    family's own server does.
    """

    name: str
    failed: Failed
    error: type[BaseModel] = ErrorResponse
    stream: Literal["events", "lines"] = "events"
    done: bool = True
    any_media: bool = False


def _own(error: ApiError) -> tuple[int, dict[str, object]]:
    return error.status, error.body()


OWN = Dialect("fimble", _own)
"""That of ``/complete`` and of the OpenAI-shaped endpoints."""

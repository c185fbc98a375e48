"""How Ollama tells errors and writes streams."""

from __future__ import annotations

from pydantic import BaseModel

from ...dialect import Dialect
from ...errors import ApiError


class OllamaError(BaseModel):
    error: str


def _failed(error: ApiError) -> tuple[int, dict[str, object]]:
    return error.status, {"error": error.message}


OLLAMA = Dialect("Ollama", _failed, OllamaError, stream="lines", done=False, any_media=True)

"""What servers say when they fail, in the shapes that they say it in, and what that is to us.

Besides OpenAI's ``{"error": {"message", "code", "param"}}``, which fimble, llama-server, vLLM, DeepSeek and
others send, there are ``{"error": "…"}`` (Ollama), ``{"message": "…"}`` (vLLM before 0.9, Mistral) and
``{"detail": "…"}`` (servers made with FastAPI).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ..errors import UpstreamUnavailable
from ..limits import UPSTREAM_MESSAGE_CHARACTERS

_TOO_LONG_CODES = frozenset(["context_length_exceeded", "exceed_context_size_error"])
_TOO_LONG_TEXTS = ("maximum context length", "context size", "context length", "maximum model length")
"""vLLM, DeepSeek and Mistral have no code for it."""
_NO_MODEL_CODES = frozenset(["model_not_found", "invalid_model"])
_NO_MODEL_TEXTS = ("does not exist", "not found", "model not exist", "invalid model", "no such model")


class NothingThere(UpstreamUnavailable):
    """A server has nothing at a path that it need not have."""


class NoModel(UpstreamUnavailable):
    """A server does not have the model that it was asked for."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An error that a server tells of."""

    message: str
    code: str | None = None
    param: str | None = None

    @property
    def said(self) -> str:
        """The message, fit to be shown: one line of bounded length."""
        words = "".join(char if char.isprintable() else " " for char in self.message).split()
        return " ".join(words)[:UPSTREAM_MESSAGE_CHARACTERS] or "no reason given"

    @property
    def too_long(self) -> bool:
        """Whether the prompt does not fit the model."""
        said = self.message.lower()
        return self.code in _TOO_LONG_CODES or any(text in said for text in _TOO_LONG_TEXTS)

    @property
    def no_model(self) -> bool:
        """Whether the model that was asked for is not there."""
        said = self.message.lower()
        return self.code in _NO_MODEL_CODES or (
            "model" in said and any(text in said for text in _NO_MODEL_TEXTS)
        )


class Told(Exception):
    """A server told of an error in the middle of its answer."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def failure_in(data: bytes) -> Failure | None:
    """The error that a document tells of, if it is one."""
    try:
        return failure_of(json.loads(data))
    except (ValueError, RecursionError):
        return None


def failure_of(document: Any) -> Failure | None:
    """The error that a JSON value tells of, if it is one."""
    if not isinstance(document, dict):
        return None
    told = next((document[key] for key in ("error", "message", "detail") if document.get(key)), None)
    if isinstance(told, str):
        codes = (document.get("code"), document.get("type"))
        return Failure(told, next(filter(None, map(_text, codes)), None))
    if isinstance(told, dict) and isinstance(told.get("message"), str):
        codes = (told.get("code"), told.get("type"))
        return Failure(told["message"], next(filter(None, map(_text, codes)), None), _text(told.get("param")))
    if isinstance(told, dict | list) and "error" not in document:
        return Failure(json.dumps(told))
    return None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None

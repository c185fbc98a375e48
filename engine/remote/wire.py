"""What is said to ``POST /complete`` and ``GET /v1/models``, and what may be said back.

Answers are read into typed values; whatever does not fit is a ``ValueError`` and nothing else.
"""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from ..errors import UnsupportedParameter
from ..limits import UPSTREAM_CONTEXT_CHARACTERS, UPSTREAM_MESSAGE_CHARACTERS, UPSTREAM_MODELS
from ..prompt.window import clip
from ..types import Delta, FimRequest, Sampling, Timings, Usage

Count = Annotated[int, Meta(ge=0, le=1 << 31)]
Milliseconds = Annotated[float, Meta(ge=0, le=1e9)]
Probability = Annotated[float, Meta(ge=0, le=1)]
Name = Annotated[str, Meta(min_length=1, max_length=256)]
Read = TypeVar("Read")


class Failure(Struct):
    """An error as every endpoint tells it."""

    message: str
    code: str | None = None
    param: str | None = None

    @property
    def said(self) -> str:
        """The message, fit to be shown: one line of bounded length."""
        words = "".join(char if char.isprintable() else " " for char in self.message).split()
        return " ".join(words)[:UPSTREAM_MESSAGE_CHARACTERS] or "no reason given"


class ErrorBody(Struct):
    error: Failure


class UsageBody(Struct):
    prompt_tokens: Count = 0
    completion_tokens: Count = 0
    cached_tokens: Count = 0

    def to_engine(self) -> Usage:
        return Usage(self.prompt_tokens, self.completion_tokens, self.cached_tokens)


class TimingsBody(Struct):
    queue_ms: Milliseconds = 0.0
    prompt_ms: Milliseconds = 0.0
    generate_ms: Milliseconds = 0.0
    total_ms: Milliseconds = 0.0

    def to_engine(self) -> Timings:
        return Timings(self.queue_ms, self.prompt_ms, self.generate_ms, self.total_ms)


class Event(Struct):
    """An event of a streamed completion: a piece of it, or the error that ended it."""

    delta: str | UnsetType = UNSET
    error: Failure | UnsetType = UNSET
    finish_reason: Literal["stop", "length"] | None = None
    model: Name | None = None
    usage: UsageBody | None = None
    timings: TimingsBody | None = None
    confidence: Probability | None = None

    def to_engine(self) -> Delta:
        """Raises ``ValueError`` for an event without text."""
        if not isinstance(self.delta, str):
            raise ValueError("an event has no `delta`")
        usage, timings = self.usage, self.timings
        return Delta(
            self.delta,
            self.finish_reason,
            usage.to_engine() if usage else None,
            timings.to_engine() if timings else None,
            confidence=self.confidence,
        )


class Model(Struct):
    id: Name
    context_window: Count = 0
    supports_fim: bool = True


class Models(Struct):
    data: Annotated[list[Model], Meta(min_length=1, max_length=UPSTREAM_MODELS)]


def read(data: bytes, kind: type[Read]) -> Read:
    """JSON as a typed value. Raises ``ValueError`` for anything else."""
    try:
        return msgspec.json.decode(data, type=kind)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def body_of(request: FimRequest, document: str | None, workspace: str | None = None) -> bytes:
    """The request as ``POST /complete`` takes it. Raises :class:`UnsupportedParameter` for what it has no
    field for. ``document`` and ``workspace`` are the names under which the server knows what is edited."""
    _check(request)
    request = clip(request, UPSTREAM_CONTEXT_CHARACTERS)
    body: dict[str, Any] = {
        "prefix": request.prefix,
        "suffix": request.suffix,
        "language": request.language or "plaintext",
        "stream": True,
        "details": True,
        "mode": "auto" if request.mode == "next" else request.mode,
        "temperature": request.sampling.temperature,
    }
    optional = {
        "file_path": request.path or None,
        "document": document,
        "workspace": workspace,
        "left_out": request.left_out or None,
        "max_tokens": request.max_tokens,
        "seed": request.sampling.seed,
        "stop": list(request.stop) or None,
        "deadline_ms": None if request.deadline_ms is None else max(1, int(request.deadline_ms)),
        "generate_ms": request.generate_ms,
        "model": request.model,
        "invoked": request.invoked or None,
        "eagerness": request.eagerness,
        "min_confidence": request.min_confidence,
        "trim": None if request.trim else False,
        "context": [{"file_path": s.path, "content": s.text} for s in request.snippets] or None,
    }
    sent = body | {key: value for key, value in optional.items() if value is not None}
    # half a surrogate pair, which an editor may hold, is no UTF-8: a question mark takes its place
    return json.dumps(sent, ensure_ascii=False).encode("utf-8", "replace")


def _check(request: FimRequest) -> None:
    """What has no field must not be dropped silently."""
    sampling = request.sampling
    plain = Sampling(temperature=sampling.temperature, seed=sampling.seed)
    names = [f.name for f in fields(sampling) if getattr(sampling, f.name) != getattr(plain, f.name)]
    names += [name for name in ("logprobs", "grammar") if getattr(request, name) is not None]
    if names:
        raise UnsupportedParameter(
            f"This server passes suggestions on to another one, but not `{names[0]}`. Leave it out.", names[0]
        )

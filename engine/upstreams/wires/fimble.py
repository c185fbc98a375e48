"""Another fimble: suggestions go to its ``POST /complete``, text and conversations to its OpenAI-shaped
endpoints (:mod:`.fimble_texts`).

Answers are read into typed values; whatever does not fit is a ``ValueError`` and nothing else.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from ...limits import UPSTREAM_CONTEXT_CHARACTERS, UPSTREAM_MODELS
from ...prompt.window import clip
from ...types import (
    ChatRequest,
    Delta,
    FimRequest,
    ModelInfo,
    Request,
    Sampling,
    TextRequest,
    Timings,
    Usage,
)
from ...upstream_settings import UpstreamSettings
from ..base import Ask, Get
from ..failures import Failure, Told
from ..json_values import read
from .bodies import encoded, unsupported
from .fimble_texts import fimble_chat, fimble_text
from .known import Known
from .models import lacking
from .tokens import ask_tokens
from .values import Count, Milliseconds, Name, Probability


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
            model=self.model or "",
        )


class Model(Struct):
    id: Name
    context_window: Count = 0
    supports_fim: bool = True
    supports_chat: bool = False
    supports_tools: bool = False
    supports_vision: bool = False
    supports_reasoning: bool = False


class Models(Struct):
    data: Annotated[list[Model], Meta(min_length=1, max_length=UPSTREAM_MODELS)]


class FimbleWire:
    """Asks for suggestions as an editor's own server does."""

    trims = True

    def __init__(self, upstream: UpstreamSettings) -> None:
        self._known = Known(upstream)
        self._salt = secrets.token_bytes(16)
        self.ready = True  # it has a model of its own for requests that name none

    def ask(self, request: Request) -> Ask:
        if isinstance(request, FimRequest):
            return self._suggestion(request)
        if isinstance(request, TextRequest):
            return fimble_text(self._known, request, self._model(request))
        if isinstance(request, ChatRequest):
            return fimble_chat(self._known, request, self._model(request))
        return ask_tokens(self._known, request)

    async def info(self, get: Get) -> ModelInfo:
        found = read(await get("/v1/models"), Models).data
        wanted = self._known.upstream.model
        model = next((each for each in found if each.id == wanted), None) if wanted else found[0]
        if model is None:
            raise lacking(self._known, [each.id for each in found])
        return self._known.learnt(
            model.id, model.context_window, model.supports_fim, model.supports_chat, model.supports_tools,
            model.supports_vision, model.supports_reasoning,
        )  # fmt: skip

    def _suggestion(self, request: FimRequest) -> Ask:
        document = self._name(request.document if request.supersedes else None)
        named = replace(request, model=self._model(request))
        body = body_of(named, document, self._name(request.workspace))
        return Ask("/complete", body, _Suggestion(), ends_itself=document is not None)

    def _model(self, request: Request) -> str | None:
        """What the server is to call the model; None: its default one."""
        own = self._known
        return own.upstream.model or (request.model if request.model == own.model else None) or None

    def _name(self, own: str | None) -> str | None:
        """A name for a document or a workspace that is the same for each request and tells nothing of its
        path."""
        if own is None:
            return None
        return hashlib.blake2b(own.encode("utf-8", "replace"), key=self._salt, digest_size=16).hexdigest()


class _Suggestion:
    """Reads the events of one suggestion."""

    enough = False

    def __init__(self) -> None:
        self._finished = False

    def feed(self, data: bytes) -> Iterable[Delta]:
        event = read(data, Event)
        if isinstance(event.error, Failure):
            raise Told(event.error)
        if self._finished:
            raise ValueError("its answer does not end")
        delta = event.to_engine()
        self._finished = delta.finish_reason is not None
        return [delta]

    def end(self) -> Iterable[Delta]:
        if not self._finished:
            raise ValueError("its answer has no end")
        return ()


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
    return encoded(body | optional)


def _check(request: FimRequest) -> None:
    """What has no field must not be dropped silently."""
    sampling = request.sampling
    plain = Sampling(temperature=sampling.temperature, seed=sampling.seed)
    names = [f.name for f in fields(sampling) if getattr(sampling, f.name) != getattr(plain, f.name)]
    names += [name for name in ("logprobs", "grammar") if getattr(request, name) is not None]
    if names:
        raise unsupported("a fimble server", names[0])

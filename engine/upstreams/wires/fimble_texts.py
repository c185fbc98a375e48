"""Another fimble's text and conversations: everything that a request says has a field there."""

from __future__ import annotations

from typing import Any

from ...types import ChatRequest, TextRequest
from ..base import Ask
from .apis import APIS
from .bodies import encoded, sampling_body
from .chats import ask_chat
from .known import Known
from .pieces import AnswerReader, Terms
from .texts import refuse_controls, text_piece
from .tool_calls import tools_body

_API = APIS["fimble"]
_MOST_TOKENS = 1_000_000
"""The most that can be asked for; the server makes no more than fit."""


def fimble_text(known: Known, request: TextRequest, model: str | None) -> Ask:
    """``POST /v1/completions``; raises :class:`~...errors.UnsupportedParameter`."""
    refuse_controls(known, request)
    grammar = request.grammar
    body = sampling_body(request.sampling, _API.knobs, known.program) | {
        "prompt": request.prompt if isinstance(request.prompt, str) else list(request.prompt),
        "model": model,
        "max_tokens": _MOST_TOKENS if request.max_tokens is None else request.max_tokens,
        "stop": list(request.stop[: _API.most_stops]) or None,
        "logprobs": request.logprobs,
        "echo": request.echo or None,
        "truncate_sequence": request.truncate or None,
        "grammar": {"type": grammar.kind, "value": grammar.value} if grammar else None,
        "stream": True,
        "stream_options": dict(_API.usage),
    }
    body |= tools_body(known, _API, request)
    terms = Terms(request.stop, milliseconds=request.generate_ms, logprobs=request.logprobs)
    return Ask(_API.text, encoded(body), AnswerReader(text_piece, terms))


def fimble_chat(known: Known, request: ChatRequest, model: str | None) -> Ask:
    """``POST /v1/chat/completions``. The server fits the conversation into its model's context itself."""
    more: dict[str, Any] = {"model": model, "language": request.language or None}
    if request.middle_out:
        more["transforms"] = ["middle-out"]
    if request.prompt_tokens is not None:
        more["plugins"] = [{"id": "context-compression", "max_tokens": request.prompt_tokens}]
    return ask_chat(known, _API, request, more)

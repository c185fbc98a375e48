"""Conversations through ``/v1/chat/completions`` and its like."""

from __future__ import annotations

import json
from typing import Any

from ...types import JSON_OBJECT, ChatRequest, Grammar
from ..base import Ask
from .apis import Api
from .bodies import encoded, sampling_body, unsupported
from .conversation import fitted, message_bodies
from .known import Known
from .openai_events import ChatDelta, ChatEvent, finish_of, read_event
from .pieces import AnswerReader, Piece, Terms
from .reasoning import reasoning_body
from .tool_calls import Calls, tools_body


def ask_chat(known: Known, api: Api, request: ChatRequest, more: dict[str, Any] | None = None) -> Ask:
    """Raises :class:`~...errors.UnsupportedParameter` for what the API does not know; ``more`` is what only
    one kind of upstream is told."""
    body = sampling_body(request.sampling, api.chat_knobs or api.knobs, known.program)
    body |= tools_body(known, api, request)
    body |= reasoning_body(known, api, request.reasoning, known.reasons)
    if request.grammar is not None:
        body["response_format"] = _format(known, api, request.grammar)
    if request.logprobs is not None:
        if not api.chat_logprobs:
            raise unsupported(known.program, "logprobs")
        body |= {"logprobs": True, "top_logprobs": request.logprobs}
    messages = request.messages if more else fitted(known, request)
    limit = None if request.max_tokens is None else max(1, request.max_tokens)
    body |= {
        "model": known.model or None,
        "messages": message_bodies(known, api, messages),
        "stream": True,
        "stream_options": dict(api.usage) or None,
        "stop": list(request.stop[: api.most_stops]) or None,
        api.limit: limit,
    } | (more or {})
    terms = Terms(request.stop, silent=request.max_tokens == 0, logprobs=request.logprobs)
    return Ask(known.path(api.chat), encoded(body), AnswerReader(ChatEvents().piece, terms))


def _format(known: Known, api: Api, grammar: Grammar) -> dict[str, Any]:
    if grammar == JSON_OBJECT:
        return {"type": "json_object"}
    if grammar.kind != "json_schema" or not api.schemas:
        raise unsupported(known.program, "response_format")
    schema = {"name": "answer", "schema": json.loads(grammar.value), "strict": True}
    return {"type": "json_schema", "json_schema": schema}


class ChatEvents:
    """Reads the events of one conversation's answer."""

    def __init__(self) -> None:
        self._calls = Calls()

    def piece(self, data: bytes) -> Piece:
        event = read_event(data, ChatEvent)
        usage = event.usage.to_engine() if event.usage else None
        choice = next((each for each in event.choices or () if each.index == 0), None)
        if choice is None:
            return Piece(usage=usage, model=event.model or "")
        text, thought = content_of(choice.delta)
        calls = self._calls.take(choice.delta.tool_calls or ())
        ended = finish_of(choice.finish_reason)
        return Piece(
            text,
            thought + (choice.delta.reasoning or choice.delta.reasoning_content or ""),
            choice.logprobs.to_engine() if choice.logprobs else (),
            calls + (self._calls.whole() if ended else ()),
            "tool_calls" if ended == "stop" and self._calls.made else ended,
            usage,
            model=event.model or "",
        )


def content_of(delta: ChatDelta) -> tuple[str, str]:
    """The text and the thoughts of a piece; Mistral sends both as parts of its content."""
    content = delta.content
    if content is None:
        return "", ""
    if isinstance(content, str):
        return content, ""
    if not isinstance(content, list):
        raise ValueError("`content` is no text")
    thoughts = [each.get("thinking") for each in content if _kind(each) == "thinking"]
    return _joined(content), "".join(_joined(each) for each in thoughts if isinstance(each, list))


def _joined(parts: list[Any]) -> str:
    return "".join(str(each.get("text", "")) for each in parts if _kind(each) == "text")


def _kind(part: Any) -> str | None:
    return part.get("type") if isinstance(part, dict) else None

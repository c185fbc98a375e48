"""Conversations as upstreams read them, cut to fit, or as code where a model answers none."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from ...prompt.code_chat import code_prompt
from ...prompt.middle_out import Measure, middle_out
from ...types import ChatRequest, Message, TextRequest, ToolCall
from .apis import Api
from .bodies import unsupported
from .known import Known
from .sizes import BYTES_PER_TOKEN, tokens_of

_BESIDE, _IMAGE = 8, 1_000
"""Tokens that a message has beside its text, and that an image takes; both are guesses."""


def fitted(known: Known, request: ChatRequest) -> Sequence[Message]:
    """The messages, without their middle where the request asks for that; by a guess, since the
    upstream's tokenizer is not here."""
    if not request.middle_out and request.prompt_tokens is None:
        return request.messages
    made = min(request.max_tokens or 0, known.context_window // 2)
    room = known.context_window - made
    if request.prompt_tokens is not None:
        room = min(room, request.prompt_tokens)
    return middle_out(request.messages, room, _MEASURE)


def message_bodies(known: Known, api: Api, messages: Sequence[Message]) -> list[dict[str, Any]]:
    """As OpenAI's API writes them."""
    return [_message(known, api, each) for each in messages]


def as_code(known: Known, request: ChatRequest) -> TextRequest:
    """The conversation as a text to continue, for a model that answers none: comments and code."""
    if any(message.images for message in request.messages):
        raise unsupported(known.program, "image_url")
    if request.tools and request.tool_choice != "none":
        raise unsupported(known.program, "tools")
    if request.reasoning is not None and request.reasoning.effort != "none":
        raise unsupported(known.program, "reasoning")
    return TextRequest(
        code_prompt(request, fitted(known, request)), max_tokens=request.max_tokens,
        sampling=request.sampling, stop=request.stop, logprobs=request.logprobs, grammar=request.grammar,
        deadline_ms=request.deadline_ms, model=request.model, document=request.document, user=request.user,
        variant=request.variant,
    )  # fmt: skip


def _message(known: Known, api: Api, message: Message) -> dict[str, Any]:
    role = "system" if message.role == "developer" and not api.developers else message.role
    body: dict[str, Any] = {"role": role, "content": _content(known, message)}
    if message.name:
        if not api.names and role != "tool":
            raise unsupported(known.program, "messages.name")
        body["name"] = message.name
    if message.tool_calls:
        body["tool_calls"] = [_call(known, call) for call in message.tool_calls]
        body["content"] = message.content or None
    if role == "tool":
        body["tool_call_id"] = _id(known, message.tool_call_id)
    return body


def _content(known: Known, message: Message) -> str | list[dict[str, Any]]:
    """The text, or the parts of a message that has images."""
    if not message.images:
        return message.content
    if not known.sees:
        raise unsupported(known.program, "image_url")
    parts: list[dict[str, Any]] = []
    begin = 0
    for image in message.images:
        if text := message.content[begin : image.at]:
            parts.append({"type": "text", "text": text})
        shown = {"url": image.url} | ({"detail": image.detail} if image.detail else {})
        parts.append({"type": "image_url", "image_url": shown})
        begin = max(begin, image.at)
    rest = message.content[begin:]
    return [*parts, {"type": "text", "text": rest}] if rest else parts


def _call(known: Known, call: ToolCall) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": _id(known, call.id), "type": "function", "function": function}


def _id(known: Known, id: str) -> str:
    """Mistral takes ids of nine letters and digits only."""
    if known.upstream.kind != "mistral" or (len(id) == 9 and id.isascii() and id.isalnum()):
        return id
    return hashlib.sha256(id.encode("utf-8", "replace")).hexdigest()[:9]


def _pieces(text: str) -> Sequence[int]:
    """The characters of each token, as is guessed."""
    each = max(1, len(text) // max(1, tokens_of(text)))
    whole, rest = divmod(len(text), each)
    return [each] * whole + [rest] * bool(rest)


def _whole(messages: Sequence[Message]) -> int:
    return sum(
        _BESIDE + _IMAGE * len(each.images) + sum(len(_pieces(text)) for text in _texts(each))
        for each in messages
    )


def _texts(message: Message) -> list[str]:
    return [message.content, *(text for call in message.tool_calls for text in (call.name, call.arguments))]


_MEASURE = Measure(_whole, _pieces, BYTES_PER_TOKEN)

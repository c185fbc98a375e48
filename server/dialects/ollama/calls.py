"""A conversation as sent → as the engine takes it: arguments of calls are objects here and text there, and
answers of tools may come without saying which call they belong to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from fimble.engine.types import Message, ToolCall

from .schema import OllamaMessage


def to_engine(messages: Sequence[OllamaMessage]) -> tuple[Message, ...]:
    """Calls without an id get one, and each answer the id of its call."""
    open_calls: list[ToolCall] = []
    found, made = list[Message](), 0
    for message in messages:
        if message.role == "tool":
            id = message.tool_call_id or _answered(open_calls, message.tool_name)
            found.append(Message("tool", message.content, message.tool_name, tool_call_id=id))
            continue
        calls = tuple(
            ToolCall(each.id or f"call_{made + i}", each.function.name, json.dumps(each.function.arguments))
            for i, each in enumerate(message.tool_calls)
        )
        made += len(calls)
        open_calls += calls
        found.append(Message(message.role, message.content, tool_calls=calls))
    return tuple(found)


def _answered(open_calls: list[ToolCall], name: str) -> str:
    """The id of the first call, of this name where one is told, that has no answer yet."""
    for i, call in enumerate(open_calls):
        if name in ("", call.name):
            return open_calls.pop(i).id
    return ""


def arguments_of(call: ToolCall) -> dict[str, Any]:
    """What the model wrote as an object. A call that broke off at the limit of tokens has none."""
    try:
        found = json.loads(call.arguments)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}

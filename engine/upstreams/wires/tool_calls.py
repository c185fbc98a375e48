"""Calls of tools: how they are asked for, and how their pieces become whole again."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ...limits import UPSTREAM_TEXT_CHARACTERS
from ...types import ChatRequest, NamedTool, TextRequest, ToolCall
from .apis import Api, Choice
from .bodies import unsupported
from .known import Known
from .openai_events import CallBody

_MOST_CALLS = 128


def tools_body(known: Known, api: Api, request: ChatRequest | TextRequest) -> dict[str, Any]:
    """Fields of a request; what an API would do by itself is left out."""
    if not request.tools:
        return {}
    choice = request.tool_choice
    named = isinstance(choice, NamedTool)
    kind: Choice = "named" if isinstance(choice, NamedTool) else choice
    if kind not in api.choices:
        raise unsupported(known.program, "tool_choice")
    if kind == "none" and "required" not in api.choices:
        return {}  # where a choice cannot be told, it is made by offering nothing
    body: dict[str, Any] = {"tools": [_tool(each.name, each.description, each.parameters, each.strict)
                                      for each in request.tools]}  # fmt: skip
    if isinstance(choice, NamedTool):
        body["tool_choice"] = {"type": "function", "function": {"name": choice.name}}
    elif choice != "auto" or known.upstream.kind == "vllm":
        body["tool_choice"] = api.required if choice == "required" else choice
    if not request.parallel_tool_calls and not named:
        if not api.parallel:
            raise unsupported(known.program, "parallel_tool_calls")
        body["parallel_tool_calls"] = False
    return body


def _tool(name: str, description: str, parameters: str, strict: bool) -> dict[str, Any]:
    function: dict[str, Any] = {"name": name, "parameters": json.loads(parameters)}
    if description:
        function["description"] = description
    if strict:
        function["strict"] = True
    return {"type": "function", "function": function}


class Calls:
    """Gathers the pieces of one answer's calls, by their index; a piece without one is a call of its own."""

    def __init__(self) -> None:
        self._open: dict[int, list[str]] = {}
        self._made = self._characters = 0

    @property
    def made(self) -> int:
        """How many calls there were so far."""
        return self._made

    def take(self, pieces: Iterable[CallBody]) -> tuple[ToolCall, ...]:
        """The calls that are whole now, since another one has begun. Raises ``ValueError``."""
        whole: list[ToolCall] = []
        for piece in pieces:
            index = piece.index if piece.index is not None else self._made + len(self._open)
            if index not in self._open or self._another(self._open[index], piece):
                whole += self.whole()
                self._open[index] = ["", "", ""]
            self._add(self._open[index], piece)
        return tuple(whole)

    def whole(self) -> tuple[ToolCall, ...]:
        """The calls that were still open: they are whole, since the answer ends or another one begins."""
        made = tuple(
            ToolCall(id or f"call_{self._made + at}", name, arguments or "{}")
            for at, (id, name, arguments) in enumerate(self._open.values())
        )
        self._made += len(made)
        self._open.clear()
        if self._made > _MOST_CALLS:
            raise ValueError("its answer has far too many calls of tools")
        return made

    def _another(self, call: list[str], piece: CallBody) -> bool:
        """Whether another call begins; some vLLMs give all of them the same index."""
        named = piece.function is not None and piece.function.name
        return bool(named and piece.id and call[0] and piece.id != call[0])

    def _add(self, call: list[str], piece: CallBody) -> None:
        function = piece.function
        call[0] = piece.id or call[0]
        if function is not None:
            call[1] += function.name or ""
            call[2] += function.arguments or ""
            self._characters += len(function.name or "") + len(function.arguments or "")
        if self._characters > UPSTREAM_TEXT_CHARACTERS:
            raise ValueError("its answer does not end")

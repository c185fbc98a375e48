"""How models write tool calls, as data: what opens one, what stands around the name and the arguments.

Sources: Hermes (Nous Research's function-calling format, which Qwen uses too); Mistral's
``[TOOL_CALLS]``; Llama 3.1's JSON calls. A model without a form of its own is told to use Hermes'.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from ..types import Tool, ToolCall


@dataclass(frozen=True, slots=True)
class ToolForm:
    """One call is ``opener + before + name + between + arguments + closer``; the name is a JSON string.

    ``sign`` in a chat template tells that the model uses this form.
    """

    name: str
    sign: str
    opener: str
    before: str
    between: str
    closer: str


HERMES = ToolForm("hermes", "<tool_call>", "<tool_call>", '\n{"name": ', ', "arguments": ', "}\n</tool_call>")
MISTRAL = ToolForm("mistral", "[TOOL_CALLS]", "[TOOL_CALLS]", '[{"name": ', ', "arguments": ', "}]")
LLAMA = ToolForm("llama", '"parameters": ', '{"name": ', "", ', "parameters": ', "}")
FORMS = (HERMES, MISTRAL, LLAMA)


def form_of(template: str) -> ToolForm:
    """The form that a chat template shows, or Hermes'."""
    return next((form for form in FORMS if form.sign in template), HERMES)


def written(call: ToolCall, form: ToolForm = HERMES) -> str:
    """A call as the model itself would have written it."""
    name = json.dumps(call.name, ensure_ascii=False)
    return form.opener + form.before + name + form.between + call.arguments + form.closer


def describe(tools: Sequence[Tool], form: ToolForm = HERMES) -> str:
    """The tools and how to call one, for a model whose template knows nothing of tools."""
    example = form.opener + form.before + '"NAME"' + form.between + "{...}" + form.closer
    lines = [f"- {tool.name}: {tool.description} Parameters: {tool.parameters}" for tool in tools]
    return "\n".join(
        ["You can call these functions:", *lines, f"To call one, write exactly: {' '.join(example.split())}"]
    )

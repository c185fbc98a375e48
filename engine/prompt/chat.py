"""A model's own chat template: the Jinja source of its GGUF file, rendered in a sandbox.

What templates may use is what Hugging Face's ``apply_chat_template`` offers them. Control tokens become
ids only where the template itself spells them; what people and programs say stays text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..errors import ContextLengthExceeded, InvalidRequest, ModelFileError
from ..limits import TEMPLATE_CHARACTERS
from ..stopping import Check, unchecked
from ..types import ChatRequest, Message, Tool
from .shield import Shield, Theirs, split_controls, theirs
from .tool_forms import ToolForm, describe, form_of
from .vocabulary import Vocabulary

if TYPE_CHECKING:
    from jinja2 import Template

KEY = "tokenizer.chat_template"
TOOL_KEY = "tokenizer.chat_template.tool_use"


class ChatTemplate:
    """One model's templates; ``for_tools`` is used when tools are offered, where a model has two.

    They are compiled when first used, so a model with a broken one can still do everything else.
    """

    def __init__(self, source: str, for_tools: str, vocabulary: Vocabulary) -> None:
        self._source, self._for_tools, self._vocabulary = source, for_tools, vocabulary

    @property
    def supports_tools(self) -> bool:
        """Whether the template shows tools to the model."""
        return re.search(r"\btools\b", self._for_tools) is not None

    @property
    def tool_form(self) -> ToolForm:
        """How the model writes calls."""
        return form_of(self._for_tools)

    def render(
        self, request: ChatRequest, messages: Sequence[Message], most: int, check: Check = unchecked
    ) -> list[str | int]:
        """The prompt up to where the answer begins: texts, and control tokens as ids, in order.

        Raises :class:`InvalidRequest` when the template refuses the conversation,
        :class:`ContextLengthExceeded` when the prompt has more than ``most`` characters, and what ``check``
        raises while it is made.
        """
        tools = request.tools if request.tool_choice != "none" else ()
        if tools and not self.supports_tools:
            messages, tools = _told(messages, tools), ()
        values = {
            "messages": [_message(message) for message in messages],
            "tools": [_tool(tool) for tool in tools] or None,
            "add_generation_prompt": True,
            "bos_token": self._vocabulary.text_of(self._vocabulary.bos_id),
            "eos_token": self._vocabulary.text_of(self._vocabulary.eos_id),
        }
        shield = Shield(self._vocabulary.controls, values)
        template = self._with_tools if tools else self._plain
        rendered = _render(template, shield.covered(), most, check)
        return [
            part if isinstance(part, int) else shield.lift(part)
            for part in split_controls(rendered, self._vocabulary.controls)
        ]

    @cached_property
    def _plain(self) -> Template:
        return _compile(self._source)

    @cached_property
    def _with_tools(self) -> Template:
        return _compile(self._for_tools)


def find_template(metadata: Mapping[str, Any], vocabulary: Vocabulary) -> ChatTemplate | None:
    """The template in a model's metadata, if it has one."""
    source = metadata.get(KEY)
    if not isinstance(source, str) or not source.strip():
        return None
    return ChatTemplate(source, str(metadata.get(TOOL_KEY) or source), vocabulary)


def _compile(source: str) -> Template:
    from .sandbox import Sandbox

    try:
        if len(source) > TEMPLATE_CHARACTERS:
            raise ValueError(f"it has {len(source)} characters, and may have {TEMPLATE_CHARACTERS}")
        return Sandbox(_refuse).from_string(source)
    except Exception as error:  # a syntax error, or any other that Python's own compiler raises
        raise ModelFileError(
            f"This model's chat template cannot be used: {error}. Choose a file with a sound template."
        ) from error


def _render(template: Template, values: dict[str, Any], most: int, check: Check) -> str:
    from .sandbox import Failed, TooLong, render

    try:
        return render(template, values, most, check)
    except TooLong:
        raise ContextLengthExceeded(
            f"The conversation has more than {most} characters, more than the model's context can hold. "
            "Send fewer or shorter messages, or let its middle be left out.",
            "messages",
        ) from None
    except Failed as error:
        raise InvalidRequest(
            f"The model's chat template cannot show this conversation: {error}.", "messages"
        ) from error


def _refuse(message: str) -> None:
    raise InvalidRequest(f"The model's chat template refuses this conversation: {message}", "messages")


def _told(messages: Sequence[Message], tools: Sequence[Tool]) -> list[Message]:
    """With the tools told in the instructions, for a template that knows nothing of them."""
    first = messages[0] if messages else None
    if first is not None and first.role in ("system", "developer"):
        return [Message("system", f"{first.content}\n\n{describe(tools)}"), *messages[1:]]
    return [Message("system", describe(tools)), *messages]


def _message(message: Message) -> dict[str, Any]:
    role = "system" if message.role == "developer" else message.role
    optional = {"name": message.name, "tool_call_id": message.tool_call_id}
    shown: dict[str, Any] = {"role": role, "content": Theirs(message.content)}
    shown |= {key: Theirs(text) for key, text in optional.items() if text}
    if message.tool_calls:
        shown["tool_calls"] = [
            {
                "id": Theirs(call.id),
                "type": "function",
                "function": {"name": Theirs(call.name), "arguments": _json(call.arguments)},
            }
            for call in message.tool_calls
        ]
    return shown


def _tool(tool: Tool) -> dict[str, Any]:
    function = {
        "name": Theirs(tool.name),
        "description": Theirs(tool.description),
        "parameters": _json(tool.parameters),
    }
    return {"type": "function", "function": function}


def _json(text: str) -> Any:
    """Templates expect objects; what is not JSON is shown as it is."""
    try:
        return theirs(json.loads(text))
    except (ValueError, RecursionError):
        return Theirs(text)

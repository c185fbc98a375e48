"""Conversations for models without a chat template: comments and code.

What system, users and tools say becomes comments of the language asked for; what the assistant said is
code; the model continues with code after the last comment. A model that only ever saw source files
understands an instruction best in the form in which source files have them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ..types import ChatRequest, Message
from .tool_forms import describe, written

if TYPE_CHECKING:
    from ..syntax.languages import LanguageSpec

DEFAULT_LANGUAGE = "python"
_FALLBACK = "#"


def code_prompt(request: ChatRequest, messages: Sequence[Message]) -> str:
    """The conversation as one source text that ends where the answer begins."""
    language = request.language or DEFAULT_LANGUAGE
    parts = [as_comment(text, language) for text in _tools(request)]
    parts += [_turn(message, language) for message in messages]
    return "".join(parts)


def code_path(language: str) -> str:
    """A file name that tells a model which language the code is in."""
    spec = _spec(language or DEFAULT_LANGUAGE)
    return "main" + (spec.extensions[0] if spec else "." + language)


def as_comment(text: str, language: str) -> str:
    """The text as line comments of a language (an LSP language id), with a newline at the end."""
    spec = _spec(language)
    marker = (spec.line_comment if spec else "") or _FALLBACK
    return "".join(f"{marker} {line}".rstrip() + "\n" for line in text.strip().splitlines())


def _spec(language: str) -> LanguageSpec | None:
    from ..syntax.languages import find_language  # its tree-sitter would slow every worker's start

    return find_language(language)


def _tools(request: ChatRequest) -> Iterator[str]:
    if request.tools and request.tool_choice != "none":
        yield describe(request.tools)


def _turn(message: Message, language: str) -> str:
    if message.role != "assistant":
        return as_comment(message.content, language)
    calls = "".join(written(call) for call in message.tool_calls)
    code = message.content + as_comment(calls, language)
    return code if code.endswith("\n") or not code else code + "\n"

"""From a conversation to a prompt: the model's template, or code after comments; all of it, or what fits.

Nothing here is tokenised that is too long to fit by its characters alone, so the work depends on the
model's context and not on how much was sent; ``check`` ends it between any two steps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..errors import ContextLengthExceeded, InvalidRequest, UnsupportedParameter
from ..limits import MESSAGES
from ..stopping import Check
from ..types import ChatRequest, Message
from .chat import ChatTemplate
from .code_chat import code_path, code_prompt
from .detect import FimFormat
from .middle_out import Measure, middle_out
from .text import TextPrompts
from .vocabulary import Vocabulary

_LEFT_OUT_BY_TEMPLATES = 8
"""How many times more than the context messages may have, since some templates leave out old thoughts."""
_CONTINUATION = range(0x80, 0xC0)
"""The bytes of UTF-8 that begin no character."""


class ConversationPrompts:
    """Makes prompts for one model; without a template ``form`` tells what it saw ahead of files."""

    def __init__(
        self,
        texts: TextPrompts,
        vocabulary: Vocabulary,
        tokenize: Callable[[str], list[int]],
        piece: Callable[[int], bytes],
        context: int,
        *,
        template: ChatTemplate | None,
        form: FimFormat | None,
    ) -> None:
        self._texts, self._tokenize, self._piece, self._context = texts, tokenize, piece, context
        self._template, self._form = template, form
        self._longest = max(vocabulary.longest, *map(len, vocabulary.controls), 1)

    def build(self, request: ChatRequest, reserve: int, check: Check) -> list[int]:
        """The prompt's ids; with ``middle_out`` they leave ``reserve`` tokens of the context.

        Raises :class:`ContextLengthExceeded` for a conversation that has no room for an answer, and
        :class:`UnsupportedParameter` for one with images.
        """
        if any(message.images for message in request.messages):
            raise UnsupportedParameter("The model on this machine cannot see images.", "messages")
        if len(request.messages) > MESSAGES:
            raise InvalidRequest(f"A conversation may have {MESSAGES} messages.", "messages")
        budget = self._context if request.prompt_tokens is None else request.prompt_tokens
        if request.middle_out:
            budget = min(budget, self._context - reserve)
        messages = request.messages
        if request.middle_out or request.prompt_tokens is not None:
            messages = middle_out(messages, budget, self._measure(request, check))
        count = sum(len(message.content) for message in messages) // self._longest
        if count > self._context * _LEFT_OUT_BY_TEMPLATES:
            raise self._too_long(count)
        parts = self._parts(request, messages, check)
        count = self._least(parts)
        if count > self._context:
            raise self._too_long(count)
        ids = self._texts.segments(parts)
        if len(ids) + (request.max_tokens != 0) > self._context:
            raise self._too_long(len(ids))
        return ids

    def _too_long(self, count: int) -> ContextLengthExceeded:
        return ContextLengthExceeded(
            f"The conversation has {count} tokens or more, but the model's context holds {self._context}. "
            "Send fewer or shorter messages, or let its middle be left out.",
            "messages",
        )

    def _measure(self, request: ChatRequest, check: Check) -> Measure:
        def whole(messages: Sequence[Message]) -> int:
            check()
            try:
                parts = self._parts(request, messages, check)
            except ContextLengthExceeded:
                return self._context + 1
            least = self._least(parts)
            return least if least > self._context else len(self._texts.segments(parts))

        def lengths(text: str) -> list[int]:
            check()
            return [_characters(self._piece(token)) for token in self._tokenize(text)]

        return Measure(whole, lengths, self._longest)

    def _parts(self, request: ChatRequest, messages: Sequence[Message], check: Check) -> list[str | int]:
        if self._template is not None:
            return self._template.render(request, messages, self._context * self._longest, check)
        return self._code(code_prompt(request, messages), code_path(request.language))

    def _least(self, parts: Sequence[str | int]) -> int:
        """Not more tokens than the parts have, without tokenising anything."""
        return sum(-(-len(part) // self._longest) if isinstance(part, str) else 1 for part in parts)

    def _code(self, text: str, path: str) -> list[str | int]:
        """With the header that the model was trained to see ahead of a file, if any."""
        form = self._form
        files = form.family.files if form is not None else None
        if form is None or files is None or not files.alone or "file_sep" not in form.ids:
            return [text]
        start = [] if files.between else [form.ids["file_sep"]]
        return [*start, files.header.format(path=path) + text]


def _characters(piece: bytes) -> int:
    """How many characters begin in a token."""
    return sum(byte not in _CONTINUATION for byte in piece)

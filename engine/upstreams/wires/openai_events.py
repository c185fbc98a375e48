"""Events of streams in OpenAI's shapes: of continued texts, and of conversations."""

from __future__ import annotations

from typing import Any, TypeVar

from msgspec import UNSET, Raw, Struct, UnsetType, field

from ...tokens import Alternative
from ...types import FinishReason
from ..failures import Failure, Told, failure_in
from ..json_values import read
from .pieces import UNKNOWN, Token
from .values import Count, Name, Number, UsageBody

_NEVER = -9999.0
"""Stands for the log-probability of a token that has none."""
_REASONS: dict[str, FinishReason] = {
    "length": "length", "model_length": "length", "tool_calls": "tool_calls", "function_call": "tool_calls",
}  # fmt: skip
_FAILED = frozenset(["error", "abort", "insufficient_system_resource"])
"""Finish reasons of answers that are none."""


class Probable(Struct):
    """A token of a conversation's answer, and in llama-server's other ones too."""

    token: str
    logprob: Number | None = None
    data: list[int] | None = field(default=None, name="bytes")
    id: Count | None = None
    top_logprobs: list[Probable] | None = None

    def to_engine(self) -> Token:
        top = tuple(Alternative(each._id, each._text, each._likely) for each in self.top_logprobs or ())
        return Token(self._text, self._likely, top, self._id)

    @property
    def _text(self) -> bytes:
        return spelled(self.token) if self.data is None else bytes(self.data)

    @property
    def _id(self) -> int:
        return UNKNOWN if self.id is None else self.id

    @property
    def _likely(self) -> float:
        return _NEVER if self.logprob is None else self.logprob


class Logprobs(Struct):
    """Four lists, of continued texts; ``content`` in conversations, and in both of llama-server's."""

    tokens: list[str | None] | None = None
    token_logprobs: list[Number | None] | None = None
    top_logprobs: list[dict[str, Number] | None] | None = None
    content: list[Probable] | None = None

    def to_engine(self) -> tuple[Token, ...]:
        if self.content is not None:
            return tuple(each.to_engine() for each in self.content)
        likely = self.token_logprobs or []
        tops = self.top_logprobs or [None] * len(likely)
        return tuple(
            Token(spelled(text or ""), _NEVER if logprob is None else logprob, _alternatives(top))
            for text, logprob, top in zip(self.tokens or [], likely, tops, strict=True)
        )


class CalledBody(Struct):
    name: str | None = None
    arguments: str | None = None


class CallBody(Struct):
    """A piece of a call; all pieces of one have its index, which Mistral leaves out of whole calls."""

    index: int | None = None
    id: str | None = None
    function: CalledBody | None = None


class TextChoice(Struct):
    """``tool_calls`` are whole, and a fimble's only."""

    index: int = 0
    text: str | None = None
    finish_reason: str | None = None
    logprobs: Logprobs | None = None
    tool_calls: list[CallBody] | None = None


class ChatDelta(Struct):
    """``content`` is a text, or Mistral's list of parts; ``reasoning`` is vLLM's and Ollama's word,
    ``reasoning_content`` DeepSeek's, llama-server's and older vLLMs'."""

    content: Any = None
    reasoning: str | None = None
    reasoning_content: str | None = None
    tool_calls: list[CallBody] | None = None


class ChatChoice(Struct):
    index: int = 0
    delta: ChatDelta = field(default_factory=ChatDelta)
    finish_reason: str | None = None
    logprobs: Logprobs | None = None


class TextEvent(Struct):
    choices: list[TextChoice] | None = None
    usage: UsageBody | None = None
    model: Name | None = None
    error: Raw | UnsetType = UNSET


class ChatEvent(Struct):
    choices: list[ChatChoice] | None = None
    usage: UsageBody | None = None
    model: Name | None = None
    error: Raw | UnsetType = UNSET


E = TypeVar("E", TextEvent, ChatEvent)


def read_event(data: bytes, kind: type[E]) -> E:
    """An event; raises :class:`~..failures.Told` for one that tells of an error."""
    event = read(data, kind)
    if (event.error is not UNSET and bytes(event.error) != b"null") or event.choices is None:
        if failure := failure_in(data):
            raise Told(failure)
        if event.choices is None and event.usage is None:
            raise ValueError("an event has no `choices`")
    return event


def finish_of(reason: str | None) -> FinishReason | None:
    """Why an answer ended; None: it did not. Raises :class:`~..failures.Told` for one that broke off."""
    if reason is None:
        return None
    if reason in _FAILED:
        raise Told(Failure(f"The answer broke off ({reason})."))
    return _REASONS.get(reason, "stop")


def spelled(text: str) -> bytes:
    """A token's bytes; where they are a part of a character it reads ``bytes:\\xNN``."""
    if text.startswith("bytes:"):
        try:
            return bytes.fromhex(text[6:].replace("\\x", ""))
        except ValueError:
            pass
    return text.encode("utf-8", "replace")


def _alternatives(top: dict[str, float] | None) -> tuple[Alternative, ...]:
    best_first = sorted((top or {}).items(), key=lambda each: -each[1])
    return tuple(Alternative(UNKNOWN, spelled(text), logprob) for text, logprob in best_first)

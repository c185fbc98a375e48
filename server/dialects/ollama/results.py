"""Results of Ollama's endpoints for text. Durations are in nanoseconds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from fimble.engine.tokens import TokenLogprob
from fimble.engine.types import Delta, Timings, ToolCall

from ... import logprobs
from ...call import Call
from ...schema.chat import ContentLogprob
from .calls import arguments_of

Reason = Literal["stop", "length", "load"]


class OllamaResult(BaseModel):
    """What a whole answer, a piece of one and the end of one have in common. ``done_reason`` and all below
    come with ``done``."""

    model: str
    created_at: str
    done: bool
    done_reason: Reason | None = None
    total_duration: int | None = None
    load_duration: int | None = Field(None, description="How long it waited for the model")
    prompt_eval_count: int | None = None
    prompt_eval_duration: int | None = None
    eval_count: int | None = None
    eval_duration: int | None = None
    logprobs: list[ContentLogprob] | None = None


class OllamaGenerated(OllamaResult):
    response: str


class OllamaCalledFunction(BaseModel):
    index: int
    name: str
    arguments: dict[str, Any]


class OllamaCallMade(BaseModel):
    id: str
    function: OllamaCalledFunction


class OllamaAnswerMessage(BaseModel):
    role: Literal["assistant"]
    content: str
    tool_calls: list[OllamaCallMade] | None = None


class OllamaChatted(OllamaResult):
    message: OllamaAnswerMessage


def moment(time: datetime | None = None) -> str:
    """RFC 3339, in UTC; by default now."""
    return (time or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def generated(model: str, text: str) -> OllamaGenerated:
    return OllamaGenerated(model=model, created_at=moment(), response=text, done=False)


def chatted(model: str, text: str, calls: Sequence[ToolCall] = (), before: int = 0) -> OllamaChatted:
    """``before`` is how many calls the answer had already."""
    message = OllamaAnswerMessage(role="assistant", content=text)
    if calls:
        message.tool_calls = [_call_made(each, before + i) for i, each in enumerate(calls)]
    return OllamaChatted(model=model, created_at=moment(), message=message, done=False)


def _call_made(call: ToolCall, index: int) -> OllamaCallMade:
    function = OllamaCalledFunction(index=index, name=call.name, arguments=arguments_of(call))
    return OllamaCallMade(id=call.id, function=function)


def with_logprobs(result: OllamaResult, tokens: Sequence[TokenLogprob]) -> None:
    result.logprobs = logprobs.chat(tokens).content


def ended_as(result: OllamaResult, last: Delta, call: Call) -> None:
    """The end of an answer with what it took. A call for a tool is an ordinary stop for Ollama."""
    result.done, result.done_reason = True, "length" if last.finish_reason == "length" else "stop"
    timings = last.timings or Timings()
    result.total_duration = _nanoseconds(call.elapsed_ms)
    result.load_duration = _nanoseconds(timings.queue_ms)
    result.prompt_eval_count = call.spent.prompt_tokens
    result.prompt_eval_duration = _nanoseconds(timings.prompt_ms)
    result.eval_count = call.spent.completion_tokens
    result.eval_duration = _nanoseconds(timings.generate_ms)


def ended_by_loading(result: OllamaResult, call: Call) -> None:
    """The end of an answer to nothing: all its time went into loading the model."""
    ended_as(result, Delta("", "stop"), call)
    result.done_reason, result.load_duration = "load", result.total_duration


def _nanoseconds(milliseconds: float) -> int:
    """At least one: scripts divide by it, also where an answer came from memory."""
    return max(1, round(milliseconds * 1_000_000))

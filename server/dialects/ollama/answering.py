"""What ``/api/generate`` and ``/api/chat`` share: an answer as one object, or as a line for each piece."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, suppress
from typing import TypeVar

from fimble.engine.errors import UnsupportedParameter
from fimble.engine.tokens import TokenLogprob
from fimble.engine.types import Delta, TokensRequest, ToolCall

from ...call import Call
from ...endpoint import Answer, Events
from .results import OllamaResult, ended_as, ended_by_loading, with_logprobs
from .schema import OllamaBody

TEMPERATURE = 0.8
"""Ollama's own, where none is given."""
R = TypeVar("R", bound=OllamaResult)
Make = Callable[[str, Sequence[ToolCall], int], R]
"""Makes a result of a text, of the calls that came with it, and of how many calls came before."""


async def answered(
    call: Call, body: OllamaBody, deltas: AsyncGenerator[Delta], make: Make[OllamaResult]
) -> Answer:
    if body.stream:
        return _events(call, body, deltas, make)
    text, calls, tokens = "", list[ToolCall](), list[TokenLogprob]()
    last = Delta("", "stop")
    async with aclosing(deltas):
        async for delta in deltas:
            text += delta.text
            calls += delta.tool_calls
            tokens += delta.logprobs
            last = delta if delta.finish_reason is not None else last
    result = make(text, calls, 0)
    if body.logprobs:
        with_logprobs(result, tokens)
    ended_as(result, last, call)
    return result


async def _events(
    call: Call, body: OllamaBody, deltas: AsyncGenerator[Delta], make: Make[OllamaResult]
) -> Events:
    last, calls = Delta("", "stop"), 0
    async with aclosing(deltas):
        async for delta in deltas:
            if delta.text or delta.tool_calls or delta.logprobs:
                piece = make(delta.text, delta.tool_calls, calls)
                calls += len(delta.tool_calls)
                if body.logprobs:
                    with_logprobs(piece, delta.logprobs)
                yield piece
            last = delta if delta.finish_reason is not None else last
    end = make("", (), 0)
    ended_as(end, last, call)
    yield end


async def loaded(call: Call, body: OllamaBody, name: str, result: OllamaResult) -> Answer:
    """The answer to a request without any text: the model is loaded, for which it is asked for the tokens of
    nothing."""
    body.check_load()
    with suppress(UnsupportedParameter):  # another machine's model, which is loaded there
        await call.engine.tokens(TokensRequest("", model=name or None, user=call.user))
    ended_by_loading(result, call)
    return result

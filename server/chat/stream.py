"""What the engine says as the chunks of a stream, in the shape of OpenAI's chat."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from fimble.engine.types import ChatRequest, Delta

from .. import logprobs
from ..call import answering
from ..choices import Head, usage_of
from ..endpoint import Events
from ..schema.chat import AnswerDelta, ChatCompletionsChunk, DeltaChoice
from ..schema.tools import tool_call_made
from ..together import in_order
from .answer import Answering


async def streamed(answer: Answering, wanted: Sequence[ChatRequest]) -> Events:
    """Choices one after the other, each from its role to its finish reason."""
    options = answer.body.stream_options
    wants_usage = options is not None and options.include_usage
    last = _chunk(answer.head, "", [])
    async with aclosing(in_order([_choice(answer, each) for each in wanted])) as chunks:
        async for last in chunks:
            if wants_usage:
                last.usage = None
            yield last
    if wants_usage:
        end = last.model_copy(update={"choices": []})
        end.usage = usage_of(answer.call.spent)
        yield end


async def _choice(answer: Answering, request: ChatRequest) -> AsyncGenerator[ChatCompletionsChunk]:
    call, (model, *others) = answer.call, answer.models
    deltas = call.metered(model, call.engine.stream_chat(request), request.variant > 0, others)
    speaks = _Speaker(answer, request.variant)
    async with aclosing(deltas):
        async for delta in deltas:
            speaks.head = replace(answer.head, model=answering(delta, model, others).id)
            for chunk in speaks.chunks(delta):
                yield chunk


class _Speaker:
    """What one choice has said so far."""

    def __init__(self, answer: Answering, index: int) -> None:
        self._answer, self._index = answer, index
        self.head = answer.head
        self._begun, self._calls = False, 0

    def chunks(self, delta: Delta) -> list[ChatCompletionsChunk]:
        made = []
        if not self._begun:
            made.append(self._chunk(delta, AnswerDelta(role="assistant", content="")))
        self._begun = True
        said = self._said(delta)
        if said.model_fields_set:
            chunk = self._chunk(delta, said)
            if self._answer.body.logprobs:
                chunk.choices[0].logprobs = logprobs.chat(delta.logprobs)
            made.append(chunk)
        if delta.finish_reason is not None:
            end = self._chunk(delta, AnswerDelta())
            end.choices[0].finish_reason = delta.finish_reason
            if self._answer.cited is not None:
                end.choices[0].delta.annotations = self._answer.cited
            made.append(end)
        return made

    def _said(self, delta: Delta) -> AnswerDelta:
        said = AnswerDelta()
        if delta.reasoning and self._answer.shows_reasoning:
            said.reasoning = delta.reasoning
        if delta.text or delta.logprobs:
            said.content = delta.text
        if delta.tool_calls:
            said.tool_calls = [
                tool_call_made(each, i) for i, each in enumerate(delta.tool_calls, self._calls)
            ]
            self._calls += len(delta.tool_calls)
        return said

    def _chunk(self, delta: Delta, said: AnswerDelta) -> ChatCompletionsChunk:
        choice = DeltaChoice(index=self._index, delta=said, finish_reason=None)
        return _chunk(self.head, delta.upstream, [choice])


def _chunk(head: Head, upstream: str, choices: list[DeltaChoice]) -> ChatCompletionsChunk:
    chunk = ChatCompletionsChunk(
        id=head.id,
        object="chat.completion.chunk",
        created=head.created,
        model=head.model,
        choices=choices,
    )
    if upstream:
        chunk.provider = upstream
    return chunk

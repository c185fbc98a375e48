"""``POST /v1/chat/completions``: answer a conversation."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from fimble.engine.types import (
    JSON_OBJECT,
    ChatRequest,
    Completion,
    Delta,
    Grammar,
    ModelInfo,
)

from .. import logprobs
from ..call import Call
from ..chat.conversation import refuse_images, to_engine
from ..chat.gateway import check_combinations, check_gateway
from ..chat.healing import healed
from ..choices import Head, new_id, usage_of, variants
from ..endpoint import Answer, Endpoint, Events
from ..schema.base import stop_strings
from ..schema.chat import (
    AnswerDelta,
    AnswerMessage,
    ChatChoice,
    ChatCompletionsChunk,
    ChatCompletionsRequest,
    ChatCompletionsResponse,
    DeltaChoice,
    ResponseFormat,
)
from ..schema.tools import tool_call_made
from ..together import in_order, together

ROOM_FOR_ANSWER = 0.25
"""Share of the context that ``context-compression`` leaves to the answer when no budget is given."""


async def chat(call: Call, body: ChatCompletionsRequest) -> Answer:
    check_gateway(body)
    check_combinations(body)
    model = await call.model(body.model)
    refuse_images(body.messages, model)
    wanted = await _request(call, body, model)
    head = Head(model.id, new_id("chatcmpl-"))
    if body.stream:
        return _Stream(call, model, body, head).events(wanted)
    made = await together(
        call.whole(model, call.engine.stream_chat(each), again=each.variant > 0) for each in wanted
    )
    choices = [_choice(each, i, body) for i, each in enumerate(made)]
    return ChatCompletionsResponse(
        id=head.id,
        object="chat.completion",
        created=head.created,
        model=head.model,
        choices=choices,
        usage=usage_of(call.spent),
    )


async def _request(call: Call, body: ChatCompletionsRequest, model: ModelInfo) -> list[ChatRequest]:
    """``n`` requests for the engine, alike but for their seeds."""
    compression = body.plugin("context-compression")
    room = int(model.context_window * (1 - ROOM_FOR_ANSWER))
    newer = body.max_completion_tokens is not None
    limit, param = (
        (body.max_completion_tokens, "max_completion_tokens") if newer else (body.max_tokens, "max_tokens")
    )
    first = ChatRequest(
        messages=await to_engine(body.messages, call.services.readers),
        tools=body.engine_tools(),
        tool_choice=body.engine_choice(),
        parallel_tool_calls=body.parallel_tool_calls,
        grammar=_grammar(body.response_format),
        language=body.language,
        middle_out=bool(body.transforms) or compression is not None,
        prompt_tokens=(compression.max_tokens or room) if compression else None,
        max_tokens=call.token_limit(limit, None, param),
        sampling=body.sampling(body.temperature),
        stop=stop_strings(body.stop),
        logprobs=body.top_logprobs if body.logprobs else None,
        model=call.chosen(body.model, model),
        user=call.user,
    )
    return variants(first, body.n, None)


def _grammar(form: ResponseFormat | None) -> Grammar | None:
    if form is None or form.type == "text":
        return None
    if form.json_schema is None:
        return JSON_OBJECT
    return Grammar("json_schema", json.dumps(form.json_schema.schema_))


def _choice(made: Completion, index: int, body: ChatCompletionsRequest) -> ChatChoice:
    wants_json = body.response_format is not None and body.response_format.type != "text"
    mend = wants_json and body.plugin("response-healing") is not None
    text = healed(made) if mend and not made.tool_calls else made.text
    message = AnswerMessage(role="assistant", content=None if made.tool_calls and not text else text)
    if made.tool_calls:
        message.tool_calls = [tool_call_made(each) for each in made.tool_calls]
    choice = ChatChoice(index=index, message=message, finish_reason=made.finish_reason)
    if body.logprobs:
        choice.logprobs = logprobs.chat(made.logprobs)
    return choice


@dataclass(slots=True)
class _Stream:
    """One streamed answer: choices one after the other, each from its role to its finish reason."""

    call: Call
    model: ModelInfo
    body: ChatCompletionsRequest
    head: Head

    async def events(self, wanted: list[ChatRequest]) -> Events:
        options = self.body.stream_options
        wants_usage = options is not None and options.include_usage
        async with aclosing(in_order([self._choice(each) for each in wanted])) as events:
            async for event in events:
                if wants_usage:
                    event.usage = None
                yield event
        if wants_usage:
            last = self._chunk([])
            last.usage = usage_of(self.call.spent)
            yield last

    async def _choice(self, request: ChatRequest) -> AsyncGenerator[ChatCompletionsChunk]:
        index = request.variant
        deltas = self.call.metered(self.model, self.call.engine.stream_chat(request), again=index > 0)
        begun, calls = False, 0
        async with aclosing(deltas):
            async for delta in deltas:
                if not begun:
                    yield self._piece(index, AnswerDelta(role="assistant", content=""))
                begun = True
                said = _said(delta, calls)
                calls += len(delta.tool_calls)
                if said.model_fields_set:
                    yield self._piece(index, said, delta)
                if delta.finish_reason is not None:
                    end = self._piece(index, AnswerDelta())
                    end.choices[0].finish_reason = delta.finish_reason
                    yield end

    def _piece(self, index: int, said: AnswerDelta, delta: Delta | None = None) -> ChatCompletionsChunk:
        choice = DeltaChoice(index=index, delta=said, finish_reason=None)
        if self.body.logprobs and delta is not None:
            choice.logprobs = logprobs.chat(delta.logprobs)
        return self._chunk([choice])

    def _chunk(self, choices: list[DeltaChoice]) -> ChatCompletionsChunk:
        head = self.head
        return ChatCompletionsChunk(
            id=head.id,
            object="chat.completion.chunk",
            created=head.created,
            model=head.model,
            choices=choices,
        )


def _said(delta: Delta, calls_before: int) -> AnswerDelta:
    said = AnswerDelta()
    if delta.text or delta.logprobs:
        said.content = delta.text
    if delta.tool_calls:
        said.tool_calls = [tool_call_made(each, calls_before + i) for i, each in enumerate(delta.tool_calls)]
    return said


ENDPOINT = Endpoint(
    method="POST",
    path="/v1/chat/completions",
    summary="Answer a conversation",
    handle=chat,
    takes=ChatCompletionsRequest,
    gives=ChatCompletionsResponse,
    events=ChatCompletionsChunk,
    scopes=frozenset({"chat"}),
    counted=True,
    unauthorized="invalid_request_error",
)

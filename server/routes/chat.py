"""``POST /v1/chat/completions``: answer a conversation."""

from __future__ import annotations

import json
from collections.abc import Sequence

from fimble.engine.types import JSON_OBJECT, ChatRequest, Grammar, ModelInfo

from ..call import Call
from ..chat.answer import Answering
from ..chat.checks import check_combinations, check_plugins, reasoning_of
from ..chat.conversation import check_images, to_engine
from ..chat.gateway import asked_models, routing_of
from ..chat.stream import streamed
from ..chat.web import citations, searched, with_pages
from ..choices import Head, new_id, variants
from ..endpoint import Answer, Endpoint
from ..schema.base import stop_strings
from ..schema.chat import (
    ChatCompletionsChunk,
    ChatCompletionsRequest,
    ChatCompletionsResponse,
    ResponseFormat,
)

ROOM_FOR_ANSWER = 0.25
"""Share of the context that ``context-compression`` leaves to the answer when no budget is given."""


async def chat(call: Call, body: ChatCompletionsRequest) -> Answer:
    search = call.services.search
    check_plugins(body, search)
    check_combinations(body)
    models = await asked_models(call, body)
    for model in models:
        check_images(body.messages, model)
    wanted, cited = await _request(call, body, models), None
    web = body.plugin("web")
    if web is not None and search is not None:
        pages = await searched(search, web, body.messages)
        wanted, cited = with_pages(wanted, pages, web), citations(pages)
    answer = Answering(call, body, models, Head(models[0].id, new_id("chatcmpl-")), cited)
    requests = variants(wanted, body.n, None)
    return streamed(answer, requests) if body.stream else await answer.whole(requests)


async def _request(call: Call, body: ChatCompletionsRequest, models: Sequence[ModelInfo]) -> ChatRequest:
    compression = body.plugin("context-compression")
    room = int(min(model.context_window for model in models) * (1 - ROOM_FOR_ANSWER))
    newer = body.max_completion_tokens is not None
    limit, param = (
        (body.max_completion_tokens, "max_completion_tokens") if newer else (body.max_tokens, "max_tokens")
    )
    return ChatRequest(
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
        model=models[0].id if body.models else call.chosen(body.model, models[0]),
        models=tuple(model.id for model in models) if len(models) > 1 else (),
        routing=routing_of(call, body, models),
        reasoning=reasoning_of(body, models),
        messages=await to_engine(body.messages, call.services.readers),
        user=call.user,
    )


def _grammar(form: ResponseFormat | None) -> Grammar | None:
    if form is None or form.type == "text":
        return None
    if form.json_schema is None:
        return JSON_OBJECT
    return Grammar("json_schema", json.dumps(form.json_schema.schema_))


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

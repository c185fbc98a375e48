"""``POST /api/chat``: answer a conversation."""

from __future__ import annotations

from collections.abc import Sequence

from fimble.engine.types import ChatRequest, ToolCall

from ...call import Call
from ...endpoint import Answer, Endpoint
from .answering import TEMPERATURE, answered, loaded
from .calls import to_engine
from .dialect import OLLAMA
from .names import known
from .results import OllamaChatted, chatted
from .schema import OllamaChatRequest


async def ollama_chat(call: Call, body: OllamaChatRequest) -> Answer:
    body.check()
    name = await known(call, body.model)
    model = await call.model(name)
    if not body.messages:
        return await loaded(call, body, name, chatted(model.id, ""))

    def make(text: str, calls: Sequence[ToolCall], before: int) -> OllamaChatted:
        return chatted(model.id, text, calls, before)

    wanted = _request(call, body, name)
    return await answered(call, body, call.metered(model, call.engine.stream_chat(wanted)), make)


def _request(call: Call, body: OllamaChatRequest, name: str) -> ChatRequest:
    return ChatRequest(
        to_engine(body.messages),
        tools=body.engine_tools(),
        grammar=body.grammar(),
        middle_out=body.truncate,
        max_tokens=call.token_limit(body.options.limit, None, "options.num_predict"),
        sampling=body.options.sampling(TEMPERATURE),
        stop=body.options.stops,
        logprobs=body.alternatives,
        model=name or None,
        user=call.user,
    )


ENDPOINT = Endpoint(
    method="POST",
    path="/api/chat",
    summary="Answer a conversation, as Ollama does",
    handle=ollama_chat,
    takes=OllamaChatRequest,
    gives=OllamaChatted,
    events=OllamaChatted,
    scopes=frozenset({"chat"}),
    counted=True,
    dialect=OLLAMA,
)

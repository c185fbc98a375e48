"""``POST /v1/complete``: continue a prompt."""

from __future__ import annotations

from contextlib import aclosing
from datetime import UTC, datetime

from fimble.engine.prompt.code_chat import as_comment
from fimble.engine.types import ModelInfo, Sampling, TextRequest

from ..call import Call
from ..choices import new_id, reason_of
from ..endpoint import Answer, Endpoint, Events
from ..schema.base import Usage
from ..schema.prompt import PromptEvent, PromptRequest, PromptResponse


async def complete_prompt(call: Call, body: PromptRequest) -> Answer:
    model = await call.model(body.model)
    wanted = _request(call, body, model)
    if body.stream:
        return _events(call, model, wanted)
    made = await call.whole(model, call.engine.stream_text(wanted))
    spent = call.spent
    return PromptResponse(
        id=new_id("cmpl_"),
        object="completion",
        model=model.id,
        content=made.text,
        finish_reason=reason_of(made),
        usage=Usage(
            prompt_tokens=spent.prompt_tokens,
            completion_tokens=spent.completion_tokens,
            total_tokens=spent.tokens,
        ),
        latency_ms=round(call.elapsed_ms),
        created_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


def _request(call: Call, body: PromptRequest, model: ModelInfo) -> TextRequest:
    instruction = as_comment(body.system, body.language or "") if body.system else ""
    given = "max_tokens" in body.model_fields_set
    return TextRequest(
        instruction + body.prompt,
        max_tokens=call.token_limit(body.max_tokens if given else None, body.max_tokens),
        sampling=Sampling(temperature=body.temperature),
        stop=tuple(body.stop or ()),
        model=call.chosen(body.model, model),
        user=call.user,
    )


async def _events(call: Call, model: ModelInfo, wanted: TextRequest) -> Events:
    async with aclosing(call.metered(model, call.engine.stream_text(wanted))) as deltas:
        async for delta in deltas:
            if delta.text:
                yield PromptEvent(delta=delta.text)


ENDPOINT = Endpoint(
    method="POST",
    path="/v1/complete",
    summary="Continue a prompt",
    handle=complete_prompt,
    takes=PromptRequest,
    gives=PromptResponse,
    events=PromptEvent,
    scopes=frozenset({"complete"}),
    counted=True,
)

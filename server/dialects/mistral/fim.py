"""``POST /v1/fim/completions``: a suggestion, for clients of Mistral's and Codestral's API."""

from __future__ import annotations

from contextlib import aclosing

from fimble.engine import types as engine
from fimble.engine.prompt.sentinels import Hole

from ...call import Call
from ...choices import Head, new_id, reason_of
from ...endpoint import Answer, Endpoint, Events
from ...errors import unsupported
from ...schema.base import Usage, stop_strings
from ..fill import Wanted, addressed, filled, filling, request_of
from .dialect import MISTRAL
from .schema import (
    MistralChoice,
    MistralChunk,
    MistralDelta,
    MistralDeltaChoice,
    MistralMessage,
    MistralRequest,
    MistralResponse,
)


async def fim(call: Call, body: MistralRequest) -> Answer:
    if body.min_tokens:
        raise unsupported("min_tokens", "`min_tokens`: a suggestion ends where its code does. Leave it out.")
    model, wanted = await addressed(call, body.model, _request(call, body))
    head = Head(model.id, new_id("cmpl-"))
    if body.stream:
        return _events(call, model, wanted, head)
    [made] = await filled(call, model, wanted)
    message = MistralMessage(role="assistant", content=made.text)
    return MistralResponse(
        id=head.id,
        object="chat.completion",
        created=head.created,
        model=head.model,
        choices=[MistralChoice(index=0, message=message, finish_reason=reason_of(made))],
        usage=_usage(made.usage),
    )


def _request(call: Call, body: MistralRequest) -> engine.FimRequest:
    wanted = Wanted(
        max_tokens=call.token_limit(body.max_tokens, None),
        sampling=body.sampling(),
        stop=stop_strings(body.stop),
        slot=body.prompt_cache_key,
    )
    return request_of(call, Hole(body.prompt, body.suffix), wanted)


async def _events(call: Call, model: engine.ModelInfo, wanted: engine.FimRequest, head: Head) -> Events:
    begun = False
    async with aclosing(filling(call, model, wanted)) as deltas:
        async for delta in deltas:
            if delta.text or delta.finish_reason is not None:
                yield _chunk(head, delta, first=not begun)
                begun = True


def _chunk(head: Head, delta: engine.Delta, first: bool) -> MistralChunk:
    said = MistralDelta(content=delta.text)
    if first:
        said.role = "assistant"
    reason = None if delta.finish_reason is None else reason_of(delta)
    chunk = MistralChunk(
        id=head.id,
        object="chat.completion.chunk",
        created=head.created,
        model=head.model,
        choices=[MistralDeltaChoice(index=0, delta=said, finish_reason=reason)],
    )
    if reason is not None:
        chunk.usage = _usage(delta.usage or engine.Usage())
    return chunk


def _usage(usage: engine.Usage) -> Usage:
    return Usage(
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        total_tokens=usage.prompt_tokens + usage.completion_tokens,
    )


ENDPOINT = Endpoint(
    method="POST",
    path="/v1/fim/completions",
    summary="Fill in the middle, as Mistral does",
    handle=fim,
    takes=MistralRequest,
    gives=MistralResponse,
    events=MistralChunk,
    scopes=frozenset({"complete"}),
    counted=True,
    dialect=MISTRAL,
    statuses=frozenset({422}),
)

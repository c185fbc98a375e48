"""``POST /complete``: fill in at a cursor. The endpoint that editors use."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import asdict, replace

from fimble.engine.privacy.guard import guarded
from fimble.engine.types import Completion, Delta, FimRequest, ModelInfo, Timings, Usage

from ..call import Call
from ..choices import reason_of
from ..endpoint import Answer, Endpoint, Events
from ..errors import unsupported
from ..schema.complete import CompleteEvent, CompleteRequest, CompleteResponse, TimingsBody, UsageBody
from ..suggest import remembered, suggestion_deltas, suggestions


async def complete(call: Call, body: CompleteRequest) -> Answer:
    limit = call.token_limit(body.max_tokens, None)
    wanted = guarded(body.to_engine(call.user, limit))
    model = await call.model(body.model or call.engine.model_for(wanted))
    wanted = replace(wanted, model=call.chosen(body.model, model))
    if body.stream and body.n > 1:
        raise unsupported("n", "`n`: a stream carries one completion; leave out `stream` or `n`.")
    if limit == 0:
        return _answer(await suggestions(call, model, wanted), body)
    known = remembered(call, model, wanted) if body.n == 1 else None
    if known is not None:
        return _remembered(known, body)
    if body.stream:
        return _events(call, model, wanted, body.details)
    return _answer(await suggestions(call, model, wanted, body.n), body)


def _answer(made: list[Completion], body: CompleteRequest) -> CompleteResponse:
    first = made[0]
    answer = CompleteResponse(completion=first.text, finish_reason=reason_of(first))
    if body.n > 1:
        answer.completions = list(dict.fromkeys(completion.text for completion in made))
    if body.details:
        _tell(answer, first.model, first)
    return answer


async def _events(call: Call, model: ModelInfo, wanted: FimRequest, details: bool) -> Events:
    async with aclosing(suggestion_deltas(call, model, wanted)) as deltas:
        async for delta in deltas:
            event = CompleteEvent(delta=delta.text)
            if details and delta.finish_reason:
                event.finish_reason = reason_of(delta)
                _tell(event, model.id, delta)
            if delta.text or details:
                yield event


def _remembered(known: Completion, body: CompleteRequest) -> Answer:
    """An answer that the model was not asked for: it has cost no tokens and no time."""
    answer = _answer([known], body)
    if body.details:
        answer.from_memory = True
    return _one_event(answer) if body.stream else answer


async def _one_event(answer: CompleteResponse) -> Events:
    """A whole answer as a stream."""
    details = answer.model_dump(exclude_unset=True, exclude={"completion", "finish_reason"})
    if details:
        details["finish_reason"] = answer.finish_reason
    if answer.completion or details:
        yield CompleteEvent(delta=answer.completion, **details)


def _tell(answer: CompleteResponse | CompleteEvent, model: str, made: Completion | Delta) -> None:
    """With details: who made it, what it cost, and how sure it is where that is known."""
    answer.model = model
    answer.usage = UsageBody(**asdict(made.usage or Usage()))
    answer.timings = TimingsBody(**asdict(made.timings or Timings()))
    if made.confidence is not None:
        answer.confidence = made.confidence
    if made.upstream:
        answer.upstream = made.upstream


ENDPOINT = Endpoint(
    method="POST",
    path="/complete",
    summary="Fill in at a cursor",
    handle=complete,
    takes=CompleteRequest,
    gives=CompleteResponse,
    events=CompleteEvent,
    scopes=frozenset({"complete"}),
    counted=True,
)

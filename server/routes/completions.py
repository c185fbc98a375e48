"""``POST /v1/completions``: continue a prompt, or fill a hole, for clients of OpenAI's API. Tabby's clients
ask the same address with a body of their own."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from fimble.engine.engine import DEFAULT
from fimble.engine.prompt.sentinels import Hole
from fimble.engine.types import Completion, Delta, FimRequest, ModelInfo

from .. import logprobs
from ..call import Call
from ..choices import VARIETY, Head, new_id, usage_of, variants
from ..dialects import fill
from ..dialects.tabby.completion import tabby_completion
from ..dialects.tabby.schema import TabbyRequest
from ..endpoint import Answer, Endpoint, Events
from ..errors import invalid, unsupported
from ..schema.base import stop_strings
from ..schema.completions import (
    CompletionsAnswer,
    CompletionsBody,
    CompletionsRequest,
    CompletionsResponse,
    Prompt,
    TextChoice,
    Wanted,
)
from ..schema.tools import tool_call_made
from ..together import in_order, together


async def completions(call: Call, body: CompletionsBody) -> Answer:
    sent = body.root
    if isinstance(sent, TabbyRequest):
        return await tabby_completion(call, sent)
    return await answered(call, await call.model(sent.model), sent)


async def answered(call: Call, model: ModelInfo, body: CompletionsRequest) -> Answer:
    """The answer in OpenAI's shape, whoever's clients ask for it."""
    _check(body, model)
    head = Head(model.id, new_id("cmpl-"))
    if body.stream:
        return _events(call, model, body, head)
    choices: list[TextChoice] = []
    for prompt in body.prompts():
        made = await _candidates(call, model, body, prompt)
        choices += [_choice(each, len(choices) + i, body) for i, each in enumerate(made)]
    return _response(head, choices, call)


def _check(body: CompletionsRequest, model: ModelInfo) -> None:
    chosen = "best_of" in body.model_fields_set
    if chosen and body.best_of < body.n:
        raise invalid(f"`best_of`: should be at least `n`, which is {body.n}.", "best_of")
    if body.stream and chosen and body.best_of > 1:
        raise invalid("`best_of`: the best of several can only be told at the end; do not stream.", "best_of")
    if problem := body.choice_problem():
        raise invalid(problem, "tool_choice")
    if body.suffix is not None:
        _check_middle(body, model)


def _check_middle(body: CompletionsRequest, model: ModelInfo) -> None:
    if not model.supports_fim:
        raise unsupported("suffix", f"`suffix`: the model {model.id!r} cannot fill in the middle.")
    if body.echo:
        raise unsupported("echo", "`echo`: with `suffix` there is no one place for the prompt.")
    if body.tools:
        raise unsupported("tools", "`tools`: what fills a hole is text; leave out `suffix` or `tools`.")
    if any(not isinstance(prompt, str) for prompt in body.prompts()):
        raise unsupported("prompt", "`prompt`: with `suffix` it must be text, not token ids.")


def _requests(call: Call, model: ModelInfo, body: CompletionsRequest, prompt: Prompt, n: int) -> list[Wanted]:
    """``n`` requests for the engine, alike but for their seeds."""
    given = "max_tokens" in body.model_fields_set
    limit = call.token_limit(body.max_tokens if given else None, body.max_tokens)
    heat = VARIETY if body.temperature is None else None
    return variants(_request(call, model, body, prompt, limit), n, heat)


def _request(
    call: Call, model: ModelInfo, body: CompletionsRequest, prompt: Prompt, limit: int | None
) -> Wanted:
    """A prompt to continue; a hole to fill with what the model says, or with a suggestion made of it."""
    hole, chosen = _hole(call, model, body, prompt), call.chosen(body.model, model) or DEFAULT
    if hole is None:
        return body.text_to_engine(
            prompt, fill.may_control(call), max_tokens=limit, model=chosen, user=call.user
        )
    if body.as_it_came():
        return body.hole_to_engine(hole, max_tokens=limit, model=chosen, user=call.user)
    gated = body.gated or body.suffix is None
    wanted = fill.Wanted(
        max_tokens=limit,
        sampling=body.sampling(body.temperature or 0.0, body.dry()),
        stop=stop_strings(body.stop),
        model=chosen,
        invoked=not gated,
        gated=gated,
    )
    return fill.request_of(call, hole, wanted)


def _hole(call: Call, model: ModelInfo, body: CompletionsRequest, prompt: Prompt) -> Hole | None:
    """What stands around a hole: the prompt and ``suffix``, or what a prompt says that an editor has laid out
    around one."""
    if isinstance(prompt, str) and body.suffix is not None:
        return Hole(prompt, body.suffix)
    whole = body.echo or body.tools or not model.supports_fim
    return None if whole else fill.hole_in(call, prompt)


def _stream(call: Call, request: Wanted) -> AsyncGenerator[Delta]:
    if isinstance(request, FimRequest):
        return call.engine.stream(request)
    return call.engine.stream_text(request)


async def _candidates(
    call: Call, model: ModelInfo, body: CompletionsRequest, prompt: Prompt
) -> list[Completion]:
    """``n`` answers to one prompt, the likeliest of ``best_of``."""
    count = max(body.n, body.best_of)
    wanted = _requests(call, model, body, prompt, count)
    if count == 1:
        return await fill.continued(call, model, wanted)
    if count > body.n:
        wanted = [each if each.logprobs is not None else replace(each, logprobs=0) for each in wanted]
    made = await together(call.whole(model, _stream(call, each), again=each.variant > 0) for each in wanted)
    if isinstance(wanted[0], FimRequest):
        for each in reversed(made):
            call.services.memory.add(model, wanted[0], each)
    if count > body.n:
        made.sort(key=lambda each: logprobs.mean(each.logprobs), reverse=True)
    return made[: body.n]


async def _events(call: Call, model: ModelInfo, body: CompletionsRequest, head: Head) -> Events:
    """Choices one after the other; each ends with its finish reason."""
    wants_usage = body.stream_options is not None and body.stream_options.include_usage
    for number, prompt in enumerate(body.prompts()):
        wanted = _requests(call, model, body, prompt, body.n)
        choices = [
            _choice_events(call, model, body, head, each, number * body.n + each.variant) for each in wanted
        ]
        async with aclosing(in_order(choices)) as events:
            async for event in events:
                if wants_usage:
                    event.usage = None
                yield event
    if wants_usage:
        yield _response(head, [], call)


async def _choice_events(
    call: Call, model: ModelInfo, body: CompletionsRequest, head: Head, request: Wanted, index: int
) -> AsyncGenerator[CompletionsResponse]:
    if body.n == 1:
        deltas = fill.continuing(call, model, request)
    else:
        deltas = call.metered(model, _stream(call, request), again=request.variant > 0)
    async with aclosing(deltas):
        async for delta in deltas:
            yield _response(head, [_choice(delta, index, body)])


def _choice(made: Completion | Delta, index: int, body: CompletionsRequest) -> TextChoice:
    asked = body.logprobs is not None
    choice = TextChoice(
        text=made.text,
        index=index,
        logprobs=logprobs.legacy(made.logprobs) if asked else None,
        finish_reason=made.finish_reason,
    )
    if made.tool_calls:
        choice.tool_calls = [tool_call_made(each) for each in made.tool_calls]
    return choice


def _response(head: Head, choices: list[TextChoice], spender: Call | None = None) -> CompletionsResponse:
    response = CompletionsResponse(
        id=head.id, object="text_completion", created=head.created, model=head.model, choices=choices
    )
    if spender is not None:
        response.usage = usage_of(spender.spent)
    return response


ENDPOINT = Endpoint(
    method="POST",
    path="/v1/completions",
    summary="Continue a prompt, or fill in the middle",
    handle=completions,
    takes=CompletionsBody,
    gives=CompletionsAnswer,
    events=CompletionsResponse,
    scopes=frozenset({"complete"}),
    counted=True,
    unauthorized="invalid_request_error",
)

"""``POST /completion``: continue a prompt, for clients of llama-server that lay it out themselves."""

from __future__ import annotations

from typing import Any

from fimble.engine.engine import DEFAULT
from fimble.engine.types import FimRequest, ModelInfo, TextRequest, TokensRequest

from ...call import Call
from ...choices import variants
from ...endpoint import Answer, Endpoint
from ...errors import unsupported
from ..fill import continued, continuing, may_control, prompted
from .asking import wanted_of
from .dialect import LLAMA
from .indent import kept
from .results import LlamaAnswer, LlamaEvent, LlamaResult, projected, result_of
from .schema import CompletionRequest
from .stream import events

TEMPERATURE = 0.8
"""llama-server's own, where none is given."""
Prompt = str | tuple[int, ...]


async def completion(call: Call, body: CompletionRequest) -> Answer:
    body.check()
    model = await call.model(body.model, any_name=True)
    prompts = [await _prompt(call, body, each, model) for each in _prompts(body)]
    wanted = [_request(call, body, each, model) for each in prompts]
    if body.stream:
        if len(wanted) > 1 or body.n_cmpl > 1:
            raise unsupported(
                "stream", "`stream`: a stream carries one result; send one prompt, or do not stream."
            )
        return events(continuing(call, model, wanted[0]), body, model, "")
    results: list[LlamaResult | dict[str, Any]] = []
    for prompt, first in zip(prompts, wanted, strict=True):
        made = await continued(call, model, variants(first, body.n_cmpl, None))
        said = prompt if isinstance(prompt, str) else ""
        results += [
            projected(
                result_of(kept(each, body.n_indent), body, model, said, len(results) + at),
                body.response_fields,
            )
            for at, each in enumerate(made)
        ]
    return LlamaAnswer(results if len(results) > 1 or body.n_cmpl > 1 else results[0])


def _prompts(body: CompletionRequest) -> list[Any]:
    """One prompt, or several: a list with lists in it, or of nothing but texts."""
    sent: Any = body.prompt
    several = isinstance(sent, list) and sent and all(isinstance(each, str | list) for each in sent)
    return sent if several else [sent]


async def _prompt(
    call: Call, body: CompletionRequest, sent: str | list[int | str], model: ModelInfo
) -> Prompt:
    """A text, or ids; of a list with both, the texts' ids too."""
    if isinstance(sent, str):
        return sent
    if all(isinstance(part, int) for part in sent):
        return tuple(part for part in sent if isinstance(part, int))
    chosen = call.chosen(body.model, model)
    asked = TokensRequest(tuple(sent), controls=may_control(call), model=chosen, user=call.user)
    return tuple(token for token, _ in (await call.engine.tokens(asked)).tokens)


def _request(
    call: Call, body: CompletionRequest, prompt: Prompt, model: ModelInfo
) -> TextRequest | FimRequest:
    wanted = wanted_of(call, body, TEMPERATURE, call.chosen(body.model, model) or DEFAULT)
    return prompted(call, prompt, wanted, greedy=body.temperature is None)


def _endpoint(path: str, name: str) -> Endpoint[CompletionRequest]:
    return Endpoint(
        name=name,
        method="POST",
        path=path,
        summary="Continue a prompt, as llama-server does",
        handle=completion,
        takes=CompletionRequest,
        gives=LlamaAnswer,
        events=LlamaEvent,
        scopes=frozenset({"complete"}),
        counted=True,
        dialect=LLAMA,
        statuses=frozenset({501}),
    )


ENDPOINTS = (_endpoint("/completion", "llama_completion"), _endpoint("/completions", "llama_completions"))

"""``POST /infill``: what belongs at a cursor, for llama.vim and llama.vscode."""

from __future__ import annotations

from fimble.engine.prompt.sentinels import Hole
from fimble.engine.types import Completion, FimRequest, ModelInfo, Snippet

from ...call import Call
from ...endpoint import Answer, Endpoint
from ...errors import unsupported
from ..fill import addressed, filled, filling, request_of
from .asking import wanted_of
from .dialect import LLAMA
from .indent import kept
from .results import LlamaAnswer, LlamaEvent, projected, result_of
from .schema import InfillRequest
from .stream import events


async def infill(call: Call, body: InfillRequest) -> Answer:
    body.check()
    model, wanted = await addressed(call, body.model, _request(call, body))
    if body.stream:
        if body.n_cmpl > 1:
            raise unsupported(
                "n_cmpl", "`n_cmpl`: a stream carries one result; leave out `stream` or `n_cmpl`."
            )
        return events(filling(call, model, wanted), body, model, body.prompt)
    made = [kept(each, body.n_indent) for each in await _filled(call, model, wanted, body.n_cmpl)]
    results = [
        projected(result_of(each, body, model, body.prompt, at), body.response_fields)
        for at, each in enumerate(made)
    ]
    return LlamaAnswer(results if body.n_cmpl > 1 else results[0])


def _request(call: Call, body: InfillRequest) -> FimRequest:
    hole = Hole(
        body.input_prefix + body.prompt,
        body.input_suffix,
        snippets=tuple(Snippet(each.filename, each.text) for each in body.input_extra),
    )
    return request_of(call, hole, wanted_of(call, body, temperature=0.0))


async def _filled(call: Call, model: ModelInfo, wanted: FimRequest, n: int) -> list[Completion]:
    """A request that only shows other files has no prompt to be read: these are looked at when they are of
    use."""
    if wanted.max_tokens == 0 and not wanted.prefix.strip() and not wanted.suffix.strip():
        return [Completion("", "length", model.id)]
    return await filled(call, model, wanted, n)


ENDPOINT = Endpoint(
    method="POST",
    path="/infill",
    summary="Fill in at a cursor, as llama-server does",
    handle=infill,
    takes=InfillRequest,
    gives=LlamaAnswer,
    events=LlamaEvent,
    scopes=frozenset({"complete"}),
    counted=True,
    dialect=LLAMA,
    statuses=frozenset({501}),
)

"""A hole in a file, as the clients of other completion servers ask for it, made a request of the engine's
own."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from fimble.engine.privacy.guard import guarded
from fimble.engine.prompt.sentinels import Hole, read_hole
from fimble.engine.types import (
    Completion,
    Delta,
    Eagerness,
    FimRequest,
    Grammar,
    ModelInfo,
    Sampling,
    Snippet,
    TextRequest,
    Timings,
    Usage,
)

from ..call import Call
from ..errors import unsupported
from ..limits import BESIDE_CHARACTERS
from ..suggest import remembered, suggestion_deltas, suggestions
from ..together import together

_NAME_CHARACTERS, _NAME_LINES = 200, 3
"""A document without a name is known by so much of its beginning, whole lines only."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a dialect may ask for beside the hole itself. ``slot`` tells apart documents that begin alike.
    With ``gated`` off, a suggestion is given however unsure it is."""

    max_tokens: int | None = None
    sampling: Sampling = field(default_factory=Sampling)
    stop: tuple[str, ...] = ()
    deadline_ms: float | None = None
    generate_ms: float | None = None
    logprobs: int | None = None
    grammar: Grammar | None = None
    model: str | None = None
    language: str = ""
    slot: str = ""
    invoked: bool = False
    gated: bool = True


def request_of(call: Call, hole: Hole, wanted: Wanted) -> FimRequest:
    """The engine's request: a suggestion as our own editors get it, as sure as the server's settings say.
    Other files are looked at for what helps, which the engine decides.

    None of these clients names its document, but the same beginning is the same document: so typing along is
    answered from memory. Such a name may be shared, so nobody's request takes another's place.
    """
    document = _document(call, hole, wanted)
    languages = call.services.languages
    return guarded(
        FimRequest(
            prefix=hole.prefix,
            suffix=hole.suffix,
            language=wanted.language or languages.language(document, hole.path, hole.prefix, hole.suffix),
            path=hole.path,
            beside=tuple(_newest(hole.snippets)),
            context=bool(hole.snippets),
            max_tokens=wanted.max_tokens,
            sampling=_plain(wanted.sampling),
            stop=wanted.stop,
            deadline_ms=wanted.deadline_ms,
            generate_ms=wanted.generate_ms,
            logprobs=wanted.logprobs,
            grammar=wanted.grammar,
            model=wanted.model,
            document=document,
            supersedes=False,
            user=call.user,
            invoked=wanted.invoked,
            eagerness=_eagerness(call) if wanted.gated else None,
        )
    )


def _eagerness(call: Call) -> Eagerness | None:
    chosen = call.services.settings.eagerness
    return None if chosen == "off" else chosen


def _plain(sampling: Sampling) -> Sampling:
    """Without the filters that change nothing where the likeliest token is taken anyway."""
    return sampling if sampling.temperature else replace(sampling, top_k=0, top_p=1.0, min_p=0.0)


def _document(call: Call, hole: Hole, wanted: Wanted) -> str:
    beginning = hole.prefix[:_NAME_CHARACTERS].split("\n")[:-1][:_NAME_LINES]
    return f"{call.user}/unnamed/{hash((wanted.slot, hole.path, *beginning))}"


async def addressed(call: Call, name: str, request: FimRequest) -> tuple[ModelInfo, FimRequest]:
    """The model that fills a hole, and the request for it: the model that is named, or the default one if the
    name is not known; where none is named, the one that the rules choose. Raises 400 for a model that fills
    no holes."""
    model = await call.model(name or call.engine.model_for(request), any_name=True)
    if not model.supports_fim:
        raise unsupported("model", f"`model`: the model {model.id!r} cannot fill in the middle.")
    return model, replace(request, model=call.chosen(name, model))


def _newest(snippets: Sequence[Snippet]) -> Iterator[Snippet]:
    """Pieces of other files, the last one first, as many as are looked into. Clients send the newest last."""
    left = BESIDE_CHARACTERS
    for snippet in reversed(snippets):
        left -= len(snippet.text)
        if left < 0:
            return
        yield snippet


async def filled(call: Call, model: ModelInfo, request: FimRequest, n: int = 1) -> list[Completion]:
    """``n`` answers; from memory where one is there already."""
    known = remembered(call, model, request) if n == 1 and request.max_tokens != 0 else None
    return [known] if known is not None else await suggestions(call, model, request, n)


async def filling(call: Call, model: ModelInfo, request: FimRequest) -> AsyncGenerator[Delta]:
    """The answer in pieces; one that is remembered in one piece."""
    known = remembered(call, model, request) if request.max_tokens != 0 else None
    if known is not None:
        yield Delta(known.text, known.finish_reason, Usage(), Timings(), confidence=known.confidence)
        return
    if request.max_tokens == 0:
        [read] = await suggestions(call, model, request)
        yield Delta("", read.finish_reason, read.usage, read.timings)
        return
    async with aclosing(suggestion_deltas(call, model, request)) as deltas:
        async for delta in deltas:
            yield delta


def may_control(call: Call) -> bool:
    """Whether this caller's prompts may hold control tokens."""
    return call.services.settings.raw_prompts or (call.key is not None and "raw" in call.key.scopes)


def hole_in(call: Call, prompt: str | tuple[int, ...]) -> Hole | None:
    """The hole that a prompt is laid out around, where the caller may send control tokens."""
    return read_hole(prompt) if isinstance(prompt, str) and may_control(call) else None


def prompted(
    call: Call, prompt: str | tuple[int, ...], wanted: Wanted, greedy: bool = True
) -> TextRequest | FimRequest:
    """A prompt to continue, or the hole that it is laid out around, where the caller may send control tokens.
    With ``greedy`` a hole is filled with what is likeliest."""
    hole = hole_in(call, prompt)
    if hole is not None:
        sampling = replace(wanted.sampling, temperature=0.0) if greedy else wanted.sampling
        return request_of(call, hole, replace(wanted, sampling=sampling))
    return TextRequest(
        prompt,
        max_tokens=wanted.max_tokens,
        sampling=wanted.sampling,
        stop=wanted.stop,
        logprobs=wanted.logprobs,
        controls=may_control(call),
        generate_ms=wanted.generate_ms,
        grammar=wanted.grammar,
        deadline_ms=wanted.deadline_ms,
        model=wanted.model,
        user=call.user,
    )


async def continued(
    call: Call, model: ModelInfo, wanted: Sequence[TextRequest | FimRequest]
) -> list[Completion]:
    """The answers to requests that differ in their seeds alone."""
    first = wanted[0]
    if isinstance(first, FimRequest):
        return await filled(call, model, first, len(wanted))
    return await together(
        call.whole(model, call.engine.stream_text(each), again=each.variant > 0)
        for each in wanted if isinstance(each, TextRequest)
    )  # fmt: skip


def continuing(call: Call, model: ModelInfo, wanted: TextRequest | FimRequest) -> AsyncGenerator[Delta]:
    """The answer in pieces."""
    if isinstance(wanted, FimRequest):
        return filling(call, model, wanted)
    return call.metered(model, call.engine.stream_text(wanted))

"""One suggestion, from a request to the text that is shown: prepared, made by a backend, trimmed, judged."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import replace

from .backends.base import Backend
from .gate import Gate
from .gate.calibration import calibrations
from .limits import CONTEXT_CHARACTERS
from .preparing import as_it_came, prepare
from .syntax.around import RecentSyntax
from .tokens import Certainty
from .trim import SyntaxChecker, Trimmer
from .types import Delta, FimRequest, Timings, Usage


async def suggested(
    backend: Backend, request: FimRequest, reach: int = CONTEXT_CHARACTERS, file: str = "",
    recent: RecentSyntax | None = None,
) -> AsyncGenerator[Delta]:  # fmt: skip
    """A request's suggestion, trimmed where the backend does not, as far as the gate lets it pass, with the
    file's own line ends. ``file`` is the model's, if it is known; ``recent`` what was parsed before."""
    prepared = prepare(request, reach, recent)
    request, own_words = prepared.request, as_it_came(request)
    if prepared.silent:
        yield Delta("", "stop", Usage(), Timings(), confidence=0.0)
        return
    checker = SyntaxChecker(request, prepared.around)
    gate = Gate(request, calibrations().of(backend.serving.model, file), checker)
    if not own_words:
        request = replace(request, floor=max(request.floor, gate.floor))
    async with aclosing(backend.generate(request)) as pieces:
        kept = pieces if own_words or backend.trims else trimmed(pieces, request, checker)
        judged = kept if own_words else gated(kept, gate)
        async with aclosing(judged) as deltas:
            shown = False
            async for delta in deltas:
                shown = shown or bool(delta.text)
                end = prepared.ending if shown and delta.finish_reason is not None else ""
                yield replace(delta, text=(delta.text + end).replace("\n", prepared.newline))


async def trimmed(
    pieces: AsyncIterator[Delta], request: FimRequest, checker: SyntaxChecker
) -> AsyncGenerator[Delta]:
    """Pass pieces through the trimmer; ends as soon as the suggestion is complete."""
    trimmer, certainties = Trimmer(request, checker), tuple[Certainty, ...]()
    async for delta in pieces:
        text, reason = trimmer.feed(delta.text), delta.finish_reason
        certainties += delta.certainties
        if trimmer.done:
            reason = "stop"
        if reason is not None:
            text += trimmer.finish(reason)
            yield replace(delta, text=text, finish_reason=reason, certainties=certainties)
            return
        if text:
            yield replace(delta, text=text, certainties=certainties)
            certainties = ()


async def gated(pieces: AsyncGenerator[Delta], gate: Gate) -> AsyncGenerator[Delta]:
    """Let pass what the gate does not hold, and tell at the end how likely all of it is to be taken; where
    the gate may hold, what it leaves comes in one piece. What was judged elsewhere is not judged again."""
    text, certainties = "", tuple[Certainty, ...]()
    async with aclosing(pieces) as deltas:
        async for delta in deltas:
            text, certainties = text + delta.text, certainties + delta.certainties
            if delta.finish_reason is None:
                if not gate.holds:
                    yield delta
                continue
            if delta.confidence is None:
                verdict = gate.judge(text, certainties)
                text, delta = verdict.text, replace(delta, confidence=verdict.confidence)
            yield replace(delta, text=text, certainties=certainties) if gate.holds else delta

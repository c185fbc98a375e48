"""Suggestions for whoever asks, with the answers that are remembered: what ``/complete`` and the dialects
share."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from fimble.engine.errors import Superseded
from fimble.engine.types import Completion, Delta, FimRequest, ModelInfo, Timings, Usage

from .call import Call
from .choices import VARIETY, variants
from .together import together


def remembered(call: Call, model: ModelInfo, wanted: FimRequest) -> Completion | None:
    """An earlier answer that is right here too; the model need not be asked, and nothing is charged."""
    known = call.services.memory.find(model, wanted)
    if known is not None:
        call.services.metrics.remembered.labels(model.id).inc()
        call.engine.answered(wanted)
    return known


async def suggestions(call: Call, model: ModelInfo, wanted: FimRequest, n: int = 1) -> list[Completion]:
    """``n`` answers of the model, the first of which is exactly what was asked for. With no tokens wanted its
    prompt is read ahead, unless somebody asks for an answer meanwhile; what that costs is counted."""
    if wanted.max_tokens == 0:
        try:
            read = await call.whole(model, call.engine.stream(replace(wanted, ahead=True)))
        except Superseded:
            read = Completion("", "length", model.id, Usage(), Timings())
        return [read] * n
    heat = None if wanted.sampling.temperature else VARIETY
    made = await together(
        call.whole(model, call.engine.stream(each), again=each.variant > 0)
        for each in variants(wanted, n, heat)
    )
    for each in reversed(made):
        call.services.memory.add(model, wanted, each)
    return made


async def suggestion_deltas(call: Call, model: ModelInfo, wanted: FimRequest) -> AsyncGenerator[Delta]:
    """The model's answer in pieces, remembered once it is whole."""
    text = ""
    async with aclosing(call.metered(model, call.engine.stream(wanted))) as deltas:
        async for delta in deltas:
            text += delta.text
            if delta.finish_reason:
                made = Completion(text, delta.finish_reason, model.id, confidence=delta.confidence)
                call.services.memory.add(model, wanted, made)
            yield delta

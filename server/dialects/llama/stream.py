"""A streamed answer of llama-server's: pieces, and at the end the whole result without its text."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from fimble.engine.types import Completion, Delta, ModelInfo, Timings, Usage

from ...endpoint import Events
from .indent import indented_deltas
from .results import LlamaEvent, piece_of, projected, result_of
from .schema import LlamaOptions


async def events(deltas: AsyncGenerator[Delta], body: LlamaOptions, model: ModelInfo, prompt: str) -> Events:
    """The events of one answer, as far as it is indented as was asked for."""
    text, last = "", Delta("", "stop")
    async with aclosing(indented_deltas(deltas, body.n_indent)) as pieces:
        async for piece in pieces:
            text += piece.text
            if piece.text or piece.logprobs:
                yield LlamaEvent(piece_of(piece, body, 0))
            last = piece if piece.finish_reason is not None else last
    made = Completion(
        text, last.finish_reason or "stop", model.id, last.usage or Usage(), last.timings or Timings()
    )
    result = result_of(made, body, model, prompt)
    result.content = ""
    yield LlamaEvent(projected(result, body.response_fields))

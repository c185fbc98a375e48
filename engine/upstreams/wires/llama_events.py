"""Events of llama-server's own streams, and what it tells of itself."""

from __future__ import annotations

from msgspec import UNSET, Raw, Struct, UnsetType

from ...types import FinishReason, Timings, Usage
from ..failures import Told, failure_in
from ..json_values import read
from .openai_events import Probable
from .pieces import Piece
from .values import Count, Milliseconds, Name


class LlamaTimings(Struct):
    cache_n: Count = 0
    prompt_ms: Milliseconds = 0.0
    predicted_ms: Milliseconds = 0.0


class LlamaEvent(Struct):
    """A piece; the last one has ``stop`` and tells why, and how long it took."""

    content: str | UnsetType = UNSET
    stop: bool = False
    stop_type: str = ""
    tokens_predicted: Count = 0
    tokens_evaluated: Count = 0
    completion_probabilities: list[Probable] | None = None
    timings: LlamaTimings | None = None
    model: Name | None = None
    error: Raw | UnsetType = UNSET


class Defaults(Struct):
    n_ctx: Count = 0


class Props(Struct):
    default_generation_settings: Defaults


def llama_piece(data: bytes) -> Piece:
    """One event. Raises :class:`~..failures.Told` for one that tells of an error."""
    event = read(data, LlamaEvent)
    if not isinstance(event.content, str):
        if failure := failure_in(data):
            raise Told(failure)
        raise ValueError("an event has no `content`")
    ended: FinishReason = "length" if event.stop_type == "limit" else "stop"
    timings = event.timings
    return Piece(
        event.content,
        tokens=[each.to_engine() for each in event.completion_probabilities or ()],
        ended=ended if event.stop else None,
        usage=Usage(event.tokens_evaluated, event.tokens_predicted, timings.cache_n if timings else 0),
        timings=_timings(timings) if timings else None,
        model=event.model or "",
    )


def context_of(data: bytes) -> int:
    """The context that ``/props`` tells. Raises ``ValueError``."""
    return read(data, Props).default_generation_settings.n_ctx


def _timings(told: LlamaTimings) -> Timings:
    total = told.prompt_ms + told.predicted_ms
    return Timings(0.0, told.prompt_ms, told.predicted_ms, total)

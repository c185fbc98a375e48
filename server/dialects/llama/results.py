"""Results of llama-server's endpoints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, Field, RootModel

from fimble.engine.tokens import TokenLogprob
from fimble.engine.types import Completion, Delta, ModelInfo, Timings, Usage

from .schema import LlamaOptions


class LlamaTimings(BaseModel):
    """Tokens, milliseconds, and how both relate."""

    cache_n: int
    prompt_n: int
    prompt_ms: float
    prompt_per_token_ms: float
    prompt_per_second: float
    predicted_n: int
    predicted_ms: float
    predicted_per_token_ms: float
    predicted_per_second: float


class Probability(BaseModel):
    id: int
    token: str
    bytes: list[int]
    logprob: float
    top_logprobs: list[Probability] | None = None


class LlamaResult(BaseModel):
    index: int
    content: str
    tokens: list[int]
    id_slot: int
    stop: bool
    model: str
    tokens_predicted: int
    tokens_evaluated: int
    generation_settings: dict[str, Any]
    prompt: str
    has_new_line: bool
    truncated: bool
    stop_type: str = Field(description="none, eos, limit or word")
    stopping_word: str
    tokens_cached: int
    timings: LlamaTimings
    completion_probabilities: list[Probability] | None = None


class LlamaPiece(BaseModel):
    """A piece of a stream; the last event is a whole result with ``stop`` true and no content."""

    index: int
    content: str
    tokens: list[int]
    stop: bool
    id_slot: int
    tokens_predicted: int
    tokens_evaluated: int
    completion_probabilities: list[Probability] | None = None


class LlamaAnswer(RootModel[LlamaResult | list[LlamaResult] | dict[str, Any] | list[dict[str, Any]]]):
    """A result, a list of results where several were asked for, or the fields that were asked for."""


class LlamaEvent(RootModel[LlamaPiece | LlamaResult | dict[str, Any]]):
    """A piece, or the result at the end."""


def result_of(
    made: Completion, body: LlamaOptions, model: ModelInfo, prompt: str, index: int = 0
) -> LlamaResult:
    """A whole answer as llama-server tells it."""
    usage = made.usage
    result = LlamaResult(
        index=index,
        content=made.text,
        tokens=[each.token for each in made.logprobs] if body.return_tokens else [],
        id_slot=max(0, body.id_slot),
        stop=True,
        model=model.id,
        tokens_predicted=usage.completion_tokens,
        tokens_evaluated=usage.prompt_tokens,
        generation_settings=_settings(body, model),
        prompt=prompt,
        has_new_line="\n" in made.text,
        truncated=False,
        stop_type="limit" if made.finish_reason == "length" else "eos",
        stopping_word="",
        tokens_cached=usage.prompt_tokens + usage.completion_tokens,
        timings=timings_of(usage, made.timings),
    )
    if body.n_probs:
        result.completion_probabilities = probabilities(made.logprobs)
    return result


def piece_of(delta: Delta, body: LlamaOptions, index: int) -> LlamaPiece:
    usage = delta.usage or Usage()
    piece = LlamaPiece(
        index=index,
        content=delta.text,
        tokens=[each.token for each in delta.logprobs] if body.return_tokens else [],
        stop=False,
        id_slot=max(0, body.id_slot),
        tokens_predicted=usage.completion_tokens,
        tokens_evaluated=usage.prompt_tokens,
    )
    if body.n_probs:
        piece.completion_probabilities = probabilities(delta.logprobs)
    return piece


def projected(result: LlamaResult, fields: Sequence[str] | None) -> LlamaResult | dict[str, Any]:
    """The result, or only the fields that were asked for, each under the name by which it was."""
    if not fields:
        return result
    found: dict[str, Any] = {}
    told = result.model_dump(exclude_unset=True, include={name.partition("/")[0] for name in fields})
    for name in fields:
        value: Any = told
        for part in name.split("/"):
            value = value.get(part) if isinstance(value, dict) else None
        if value is not None:
            found[name] = value
    return found


def timings_of(usage: Usage, timings: Timings) -> LlamaTimings:
    read = max(0, usage.prompt_tokens - usage.cached_tokens)
    made, prompt_ms, predicted_ms = usage.completion_tokens, timings.prompt_ms, timings.generate_ms
    return LlamaTimings(
        cache_n=usage.cached_tokens,
        prompt_n=read,
        prompt_ms=prompt_ms,
        prompt_per_token_ms=prompt_ms / read if read else 0.0,
        prompt_per_second=1000 * read / prompt_ms if prompt_ms else 0.0,
        predicted_n=made,
        predicted_ms=predicted_ms,
        predicted_per_token_ms=predicted_ms / made if made else 0.0,
        predicted_per_second=1000 * made / predicted_ms if predicted_ms else 0.0,
    )


def probabilities(logprobs: Sequence[TokenLogprob]) -> list[Probability]:
    found = []
    for each in logprobs:
        one = _probability(each.token, each.text, each.logprob or 0.0)
        one.top_logprobs = [_probability(other.token, other.text, other.logprob) for other in each.top]
        found.append(one)
    return found


def _probability(token: int, text: bytes, logprob: float) -> Probability:
    return Probability.model_construct(
        id=token, token=text.decode("utf-8", "replace"), bytes=list(text), logprob=max(logprob, -1e30)
    )


def _settings(body: LlamaOptions, model: ModelInfo) -> dict[str, Any]:
    return {
        "n_ctx": model.context_window,
        "n_predict": body.n_predict,
        "temperature": body.temperature or 0.0,
        "top_k": body.top_k,
        "top_p": body.top_p,
        "min_p": body.min_p,
        "seed": body.seed,
        "stop": list(body.stops()),
        "stream": body.stream,
    }

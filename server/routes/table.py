"""All endpoints: the router and the OpenAPI document are made from this list."""

from __future__ import annotations

from ..dialects.llama.completion import ENDPOINTS as LLAMA_COMPLETION
from ..dialects.llama.infill import ENDPOINT as INFILL
from ..dialects.llama.props import ENDPOINTS as LLAMA_PROPS
from ..dialects.llama.tokens import ENDPOINTS as LLAMA_TOKENS
from ..endpoint import AnyEndpoint
from . import chat, complete, completions, feedback, health, metrics, models, openapi, prompt, usage

_OTHERS: tuple[AnyEndpoint, ...] = (
    complete.ENDPOINT,
    prompt.ENDPOINT,
    completions.ENDPOINT,
    chat.ENDPOINT,
    models.LIST,
    models.ONE,
    usage.ENDPOINT,
    feedback.ENDPOINT,
    health.ENDPOINT,
    metrics.ENDPOINT,
    INFILL,
    *LLAMA_COMPLETION,
    *LLAMA_TOKENS,
    *LLAMA_PROPS,
)
ENDPOINTS = (*_OTHERS, openapi.describing(_OTHERS))

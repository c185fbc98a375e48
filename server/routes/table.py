"""All endpoints: the router and the OpenAPI document are made from this list."""

from __future__ import annotations

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
)
ENDPOINTS = (*_OTHERS, openapi.describing(_OTHERS))

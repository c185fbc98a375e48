"""All endpoints: the router and the OpenAPI document are made from this list."""

from __future__ import annotations

from ..dialects.llama.completion import ENDPOINTS as LLAMA_COMPLETION
from ..dialects.llama.infill import ENDPOINT as INFILL
from ..dialects.llama.props import ENDPOINTS as LLAMA_PROPS
from ..dialects.llama.tokens import ENDPOINTS as LLAMA_TOKENS
from ..dialects.mistral.deepseek import ENDPOINTS as DEEPSEEK
from ..dialects.mistral.fim import ENDPOINT as MISTRAL_FIM
from ..dialects.ollama.chat import ENDPOINT as OLLAMA_CHAT
from ..dialects.ollama.generate import ENDPOINT as OLLAMA_GENERATE
from ..dialects.ollama.models import ENDPOINTS as OLLAMA_MODELS
from ..dialects.tabby.events import ENDPOINT as TABBY_EVENTS
from ..dialects.tabby.health import ENDPOINT as TABBY_HEALTH
from ..dialects.tabby.models import ENDPOINTS as TABBY_MODELS
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
    OLLAMA_GENERATE,
    OLLAMA_CHAT,
    *OLLAMA_MODELS,
    TABBY_EVENTS,
    TABBY_HEALTH,
    *TABBY_MODELS,
    MISTRAL_FIM,
    *DEEPSEEK,
)
ENDPOINTS = (*_OTHERS, openapi.describing(_OTHERS))

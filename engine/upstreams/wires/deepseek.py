"""DeepSeek's API: it fills in between ``prompt`` and ``suffix`` at ``/beta/completions``, up to 4,096 tokens
(api-docs.deepseek.com/guides/fim_completion), and answers conversations at ``/chat/completions``."""

from __future__ import annotations

from dataclasses import replace

from ...types import ChatRequest, FimRequest, ModelInfo, Request, TextRequest
from ...upstream_settings import UpstreamSettings
from ..base import Ask, Get
from .apis import APIS
from .bodies import unsupported
from .chats import ask_chat
from .fim_prompt import without_controls
from .known import Known
from .models import listed
from .naming import family_named
from .texts import ask_suffix, ask_text

MOST_TOKENS = 4096


class DeepSeekWire:
    trims = False

    def __init__(self, upstream: UpstreamSettings) -> None:
        self._known, self._api = Known(upstream), APIS["deepseek"]

    @property
    def ready(self) -> bool:
        return bool(self._known.model)

    def ask(self, request: Request) -> Ask:
        known, api = self._known, self._api
        if isinstance(request, ChatRequest):
            return ask_chat(known, api, request)
        if isinstance(request, FimRequest):
            near = without_controls(request, known.family or family_named("deepseek"))
            most = min(request.max_tokens or 1, MOST_TOKENS)
            return ask_suffix(known, api, replace(near, max_tokens=request.max_tokens and most))
        if isinstance(request, TextRequest):
            if request.max_tokens is not None and request.max_tokens > MOST_TOKENS:
                raise unsupported(known.program, "max_tokens")
            return ask_text(known, api, request)
        raise unsupported(known.program, "tokens")

    async def info(self, get: Get) -> ModelInfo:
        found = listed(await get("/models"), self._known)
        return self._known.learnt(found.id, found.context, fim=True, chat=True, tools=True)

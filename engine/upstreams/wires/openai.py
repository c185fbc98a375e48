"""vLLM, and any server with OpenAI's ``/v1/completions`` and ``/v1/chat/completions``."""

from __future__ import annotations

from ...types import ChatRequest, FimRequest, ModelInfo, Request, TextRequest
from ...upstream_settings import UpstreamSettings
from ..base import Ask, Get
from ..failures import NothingThere
from .apis import APIS
from .bodies import unsupported
from .chats import ask_chat
from .conversation import as_code
from .known import Known
from .models import listed
from .texts import ask_prompt, ask_suffix, ask_text


class OpenAiWire:
    """Suggestions are asked for by our own prompt as text, or with ``suffix`` where settings say so."""

    trims = False

    def __init__(self, upstream: UpstreamSettings) -> None:
        self._known, self._api = Known(upstream), APIS[upstream.kind]

    @property
    def ready(self) -> bool:
        return bool(self._known.model)

    def ask(self, request: Request) -> Ask:
        known, api = self._known, self._api
        if isinstance(request, FimRequest):
            suffix = known.upstream.suffix
            return ask_suffix(known, api, request) if suffix else ask_prompt(known, api, request)
        if isinstance(request, ChatRequest):
            if known.chats:
                return ask_chat(known, api, request)
            request = as_code(known, request)
        if not isinstance(request, TextRequest):
            raise unsupported(known.program, "tokens")
        return ask_text(known, api, request)

    async def info(self, get: Get) -> ModelInfo:
        known = self._known
        try:
            found = listed(await get(known.path("/v1/models")), known)
        except NothingThere:
            if not known.model:
                raise
            return known.learnt(known.model)  # not all have such a list
        return known.learnt(found.id, found.context)

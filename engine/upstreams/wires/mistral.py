"""Mistral's API: it fills in between ``prompt`` and ``suffix`` at ``/v1/fim/completions``, and answers in the
shape of a conversation (docs.mistral.ai/api, fim; mistralai/client-python, ``fimcompletionrequest.py``)."""

from __future__ import annotations

from dataclasses import replace

from ...types import ChatRequest, FimRequest, ModelInfo, Request, TextRequest
from ...upstream_settings import UpstreamSettings
from ..base import Ask, Get
from ..failures import NothingThere
from .apis import APIS
from .bodies import encoded, sampling_body, unsupported
from .chats import ChatEvents, ask_chat
from .fim_prompt import without_controls
from .known import Known
from .models import listed
from .naming import family_named
from .pieces import AnswerReader
from .texts import check_text, prompt_of, terms_of

USUAL = "codestral-latest"
"""The model that fills in, where settings name none."""


class MistralWire:
    trims = False

    def __init__(self, upstream: UpstreamSettings) -> None:
        named = upstream if upstream.model else upstream.model_copy(update={"model": USUAL})
        self._known, self._api = Known(named), APIS["mistral"]
        self.ready = True

    def ask(self, request: Request) -> Ask:
        known = self._known
        if isinstance(request, ChatRequest):
            return ask_chat(known, self._api, request)
        if isinstance(request, FimRequest):
            near = without_controls(request, family_named("codestral"))
            return self._ask(request, near.prefix, near.suffix)
        if isinstance(request, TextRequest):
            check_text(known, request, ids=False)
            return self._ask(request, str(prompt_of(known, request)), None)
        raise unsupported(known.program, "tokens")

    async def info(self, get: Get) -> ModelInfo:
        known = self._known
        try:
            found = listed(await get(known.path("/v1/models")), known)
        except NothingThere:  # codestral.mistral.ai has no list
            return known.learnt(known.model, fim=True, chat=True)
        can = found.can
        fim = can("completion_fim")
        return known.learnt(
            found.id, found.context, fim=fim is not False, chat=can("completion_chat") is not False,
            tools=bool(can("function_calling")), vision=bool(can("vision")),
        )  # fmt: skip

    def _ask(self, request: FimRequest | TextRequest, prompt: str, suffix: str | None) -> Ask:
        known = self._known
        for name in ("grammar", "logprobs"):
            if getattr(request, name) is not None:
                raise unsupported(known.program, name)
        limit = None if request.max_tokens is None else max(1, request.max_tokens)
        body = sampling_body(request.sampling, self._api.knobs, known.program) | {
            "model": known.model,
            "prompt": prompt,
            "suffix": suffix,
            "max_tokens": limit,
            "stop": list(request.stop[: self._api.most_stops]) or None,
            "stream": True,
        }
        terms = replace(terms_of(request), certain=False)
        reader = AnswerReader(ChatEvents().piece, terms)
        return Ask(known.path("/v1/fim/completions"), encoded(body), reader)

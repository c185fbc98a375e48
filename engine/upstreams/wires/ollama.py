"""Ollama: it fills in between ``prompt`` and ``suffix`` at ``/api/generate`` where the model's template can;
where it cannot, our own prompt goes there ``raw``.

Conversations go to its ``/v1/chat/completions`` and not to ``/api/chat``: calls of tools have ids there,
their arguments stay the text that the model wrote, and the reader is everybody's.
"""

from __future__ import annotations

import json
from typing import Any

from ...types import ChatRequest, FimRequest, ModelInfo, Request, TextRequest
from ...upstream_settings import UpstreamSettings
from ..base import Ask, Get
from ..failures import NoModel
from .apis import APIS
from .bodies import Knobs, encoded, sampling_body, unsupported
from .chats import ask_chat
from .conversation import as_code
from .fim_prompt import without_controls
from .known import Known
from .models import lacking
from .ollama_events import names_of, ollama_piece, shown
from .pieces import AnswerReader, Terms
from .texts import check_text, prompt_of, terms_of

_KNOBS = Knobs(
    {name: name for name in ("top_k", "top_p", "min_p", "seed", "frequency_penalty", "presence_penalty")}
    | {"repetition_penalty": "repeat_penalty"},
    always={"top_k": 0, "top_p": 1.0, "min_p": 0.0, "repeat_penalty": 1.0},
)


class OllamaWire:
    """``inserts`` is learnt from what Ollama tells of the model."""

    trims = False

    def __init__(self, upstream: UpstreamSettings) -> None:
        self._known, self._api = Known(upstream), APIS["ollama"]
        self._inserts: bool | None = True if upstream.suffix else None

    @property
    def ready(self) -> bool:
        return bool(self._known.model) and self._inserts is not None

    def ask(self, request: Request) -> Ask:
        known = self._known
        if isinstance(request, FimRequest):
            return self._suffix(request) if self._inserts else self._raw(request)
        if isinstance(request, ChatRequest):
            if known.chats:
                return ask_chat(known, self._api, request)
            request = as_code(known, request)
        if not isinstance(request, TextRequest):
            raise unsupported(known.program, "tokens")
        check_text(known, request, ids=False)
        body = {"prompt": prompt_of(known, request), "raw": True}
        return self._ask(request, body, terms_of(request))

    async def info(self, get: Get) -> ModelInfo:
        known = self._known
        model = known.upstream.model or (await self._names(get))[0]
        try:
            told = shown(await get("/api/show", encoded({"model": model})))
        except NoModel:
            raise lacking(known, await self._names(get)) from None
        self._inserts = known.upstream.suffix or "insert" in told.capabilities
        fills = True if self._inserts else None
        can = told.capabilities
        return known.learnt(
            model, told.context, fills, tools="tools" in can, vision="vision" in can,
            reasoning="thinking" in can,
        )  # fmt: skip

    async def _names(self, get: Get) -> list[str]:
        return names_of(await get("/api/tags"))

    def _suffix(self, request: FimRequest) -> Ask:
        near = without_controls(request, self._known.family)
        # an empty suffix would be answered as a conversation
        body = {"prompt": near.prefix, "suffix": near.suffix or "\n"}
        return self._ask(request, body, terms_of(request))

    def _raw(self, request: FimRequest) -> Ask:
        prompts = self._known.prompts
        body = {"prompt": prompts.text(request), "raw": True}
        return self._ask(request, body, terms_of(request, prompts.stops), prompts.stops)

    def _ask(
        self, request: FimRequest | TextRequest, more: dict[str, Any], terms: Terms,
        stops: tuple[str, ...] = (),
    ) -> Ask:  # fmt: skip
        known, limit = self._known, request.max_tokens
        options = sampling_body(request.sampling, _KNOBS, known.program)
        options["num_predict"] = -1 if limit is None else max(1, limit)
        if sent := [*dict.fromkeys([*request.stop, *stops])]:
            options["stop"] = sent
        if known.upstream.context_window:
            options["num_ctx"] = known.upstream.context_window
        body: dict[str, Any] = {"model": known.model, "stream": True, "options": options} | more
        if request.grammar is not None:
            if request.grammar.kind != "json_schema":
                raise unsupported(known.program, "grammar")
            body["format"] = json.loads(request.grammar.value)
        if terms.certain or terms.logprobs is not None:
            body |= {"logprobs": True, "top_logprobs": terms.logprobs or None}
        reader = AnswerReader(ollama_piece, terms)
        return Ask("/api/generate", encoded(body), reader, framing="lines", done=None)

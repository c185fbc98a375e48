"""llama-server: it lays holes out itself at ``/infill``, where it reads no control tokens in texts; a model
whose ``family`` settings name gets our own prompt at ``/completion``.

Events are those of ``tools/server/README.md``, and of a real llama-server (b11669): ``tests/e2e/upstreams``.
"""

from __future__ import annotations

import json
from typing import Any

from ...limits import UPSTREAM_CONTEXT_CHARACTERS
from ...prompt.window import clip
from ...types import ChatRequest, FimRequest, Grammar, ModelInfo, Request, TextRequest, TokensRequest
from ...upstream_settings import UpstreamSettings
from ..base import Ask, Get
from ..failures import NothingThere
from .apis import APIS
from .bodies import encoded, sampling_body, unsupported
from .chats import ask_chat
from .conversation import as_code
from .fim_prompt import FimPrompts
from .known import Known
from .llama_events import context_of, llama_piece
from .models import listed
from .pieces import AnswerReader, Terms
from .texts import check_text, prompt_of, terms_of
from .tokens import ask_tokens

_MOST_MILLISECONDS = 600_000


class LlamaWire:
    trims = False

    def __init__(self, upstream: UpstreamSettings) -> None:
        self._known, self._api = Known(upstream), APIS["llama"]
        self.ready = True  # it takes requests without a model's name

    def ask(self, request: Request) -> Ask:
        if isinstance(request, TokensRequest):
            return ask_tokens(self._known, request)
        if isinstance(request, FimRequest):
            return self._prompt(request) if self._known.upstream.family else self._infill(request)
        if isinstance(request, ChatRequest):
            if self._known.chats:
                return ask_chat(self._known, self._api, request)
            request = as_code(self._known, request)
        return self._text(request)

    async def info(self, get: Get) -> ModelInfo:
        known = self._known
        found = listed(await get(known.path("/v1/models")), known)
        context = found.context
        if not context:  # servers before 2026 tell it elsewhere
            try:
                context = context_of(await get(known.path("/props")))
            except NothingThere:
                context = 0
        return known.learnt(found.id, context, fim=True)

    def _infill(self, request: FimRequest) -> Ask:
        near = clip(request, UPSTREAM_CONTEXT_CHARACTERS)
        body = {
            "input_prefix": near.prefix,
            "input_suffix": near.suffix,
            "input_extra": [{"filename": each.path, "text": each.text} for each in near.snippets],
            "prompt": "",
        }
        return self._ask("/infill", request, body, terms_of(request))

    def _prompt(self, request: FimRequest) -> Ask:
        prompts: FimPrompts = self._known.prompts
        body = {"prompt": prompts.text(request)}
        return self._ask("/completion", request, body, terms_of(request, prompts.stops), prompts.stops)

    def _text(self, request: TextRequest) -> Ask:
        check_text(self._known, request, ids=True)
        body = {"prompt": prompt_of(self._known, request)}
        return self._ask("/completion", request, body, terms_of(request))

    def _ask(
        self, path: str, request: FimRequest | TextRequest, more: dict[str, Any], terms: Terms,
        stops: tuple[str, ...] = (),
    ) -> Ask:  # fmt: skip
        known, limit = self._known, request.max_tokens
        body = sampling_body(request.sampling, self._api.knobs, known.program)
        if request.grammar is not None:
            body |= self._grammar(request.grammar)
        sent = [*dict.fromkeys([*request.stop, *stops])]
        body |= more | {
            "model": known.model or None,
            "n_predict": -1 if limit is None else max(1, limit),
            "stop": sent[: self._api.most_stops],
            "stream": True,
            "cache_prompt": True,
            "n_probs": max(1, terms.logprobs or 0) if terms.certain or terms.logprobs is not None else None,
            # penalties are for all that was said, not for the last 64 tokens
            "repeat_last_n": known.context_window,
            "dry_penalty_last_n": known.context_window,
            "t_max_predict_ms": _milliseconds(request.generate_ms),
        }
        return Ask(known.path(path), encoded(body), AnswerReader(llama_piece, terms), done=None)

    def _grammar(self, grammar: Grammar) -> dict[str, Any]:
        if grammar.kind == "gbnf":
            return {"grammar": grammar.value}
        if grammar.kind == "json_schema":
            return {"json_schema": json.loads(grammar.value)}
        raise unsupported(self._known.program, "grammar")


def _milliseconds(time: float | None) -> int | None:
    return None if time is None else max(1, min(_MOST_MILLISECONDS, int(time)))

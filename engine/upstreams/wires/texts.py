"""Continuing a text through ``/v1/completions``: for requests for text, and for suggestions whose prompt is
laid out here or that the upstream fills in by itself."""

from __future__ import annotations

import json
from typing import Any

from ...errors import UnsupportedParameter
from ...types import FimRequest, Grammar, TextRequest
from ..base import Ask
from .apis import Api
from .bodies import encoded, sampling_body, unsupported
from .known import Known
from .openai_events import TextEvent, finish_of, read_event
from .pieces import AnswerReader, Piece, Terms
from .sizes import tail
from .spelled import spells_control
from .tool_calls import Calls

_ASIDE = 16
"""Tokens that a tokenizer may put around a prompt."""
_MOST_TOKENS = 4096
"""Asked for where a request has no limit, unless its prompt leaves less room."""


def terms_of(request: FimRequest | TextRequest, stops: tuple[str, ...] = ()) -> Terms:
    """What is seen to here of an answer; ``stops`` are those of the model's format."""
    fills = isinstance(request, FimRequest)
    own_words = request.logprobs is not None or request.grammar is not None
    return Terms(
        stops=tuple(dict.fromkeys([*request.stop, *stops])),
        one_line=isinstance(request, FimRequest) and request.mode == "next",
        floor=request.floor if isinstance(request, FimRequest) else 0.0,
        milliseconds=request.generate_ms,
        silent=request.max_tokens == 0,
        certain=fills and not own_words,
        logprobs=request.logprobs,
        ahead=echoed(request) if isinstance(request, TextRequest) else "",
    )


def echoed(request: TextRequest) -> str:
    """The prompt, where it is wanted ahead of the answer."""
    return request.prompt if request.echo and isinstance(request.prompt, str) else ""


def ask_text(known: Known, api: Api, request: TextRequest) -> Ask:
    """Raises :class:`~...errors.UnsupportedParameter` for what the API does not know."""
    check_text(known, request, api.ids)
    prompt = prompt_of(known, request)
    limit = limit_of(known, request.max_tokens, prompt)
    body = _body(known, api, request, limit) | {"prompt": prompt}
    if request.logprobs is not None:
        if not api.text_logprobs:
            raise unsupported(known.program, "logprobs")
        body["logprobs"] = request.logprobs
    return _ask(known, api, body, terms_of(request))


def ask_prompt(known: Known, api: Api, request: FimRequest) -> Ask:
    """A suggestion, by our own prompt."""
    prompts = known.prompts
    body = _body(known, api, request, request.max_tokens or 1, prompts.stops)
    body |= {"prompt": prompts.text(request), "logprobs": _logprobs(api, request)}
    return _ask(known, api, body, terms_of(request, prompts.stops))


def ask_suffix(known: Known, api: Api, request: FimRequest) -> Ask:
    """A suggestion, filled in between ``prompt`` and ``suffix``."""
    body = _body(known, api, request, request.max_tokens or 1)
    body |= {"prompt": request.prefix, "suffix": request.suffix, "logprobs": _logprobs(api, request)}
    return _ask(known, api, body, terms_of(request, known.family.stops if known.family else ()))


def check_text(known: Known, request: TextRequest, ids: bool) -> None:
    """Raises :class:`~...errors.UnsupportedParameter` for what no API in this shape can honour."""
    if request.tools:
        raise unsupported(known.program, "tools")
    if not isinstance(request.prompt, str):
        if not ids:
            raise unsupported(known.program, "prompt")
        if request.echo:
            raise unsupported(known.program, "echo")
    refuse_controls(known, request)
    if request.echo and request.logprobs is not None:
        raise unsupported(known.program, "echo")


def refuse_controls(known: Known, request: TextRequest) -> None:
    """Raises :class:`~...errors.UnsupportedParameter` for a text that spells a control token which must not
    be read: upstreams read them all."""
    if isinstance(request.prompt, str) and not request.controls:
        family = known.family if known.upstream.kind != "fimble" else None
        if spells_control(request.prompt, family):
            raise UnsupportedParameter(
                "`prompt`: it spells a control token, which an upstream would read as one. Leave it out.",
                "prompt",
            )


def prompt_of(known: Known, request: TextRequest) -> str | list[int]:
    """The prompt; with ``truncate`` what surely fits of it."""
    made = min(request.max_tokens or 0, known.context_window // 2)
    room = max(1, known.context_window - made - _ASIDE)
    if isinstance(request.prompt, str):
        if request.truncate:
            return tail(request.prompt, room)
        known.check_length(len(request.prompt))
        return request.prompt
    return list(request.prompt[-room:] if request.truncate else request.prompt)


def limit_of(known: Known, wanted: int | None, prompt: str | list[int]) -> int:
    """How many tokens an answer may have; as many as likely fit, where the request does not say it. An
    upstream makes at least one."""
    if wanted is not None:
        return max(1, wanted)
    used = len(prompt) if isinstance(prompt, list) else len(prompt) // 2
    return max(16, min(_MOST_TOKENS, known.context_window - used))


def _body(
    known: Known, api: Api, request: FimRequest | TextRequest, limit: int, stops: tuple[str, ...] = ()
) -> dict[str, Any]:
    body = sampling_body(request.sampling, api.knobs, known.program)
    if request.grammar is not None:
        body |= _grammar(known, api, request.grammar)
    sent = [*dict.fromkeys([*request.stop, *stops])][: api.most_stops]
    return body | {
        "model": known.model or None,
        "max_tokens": limit,
        "stop": sent or None,
        "stream": True,
        "stream_options": dict(api.usage) or None,
    }


def _grammar(known: Known, api: Api, grammar: Grammar) -> dict[str, Any]:
    if api.grammars == "ours":
        return {"grammar": {"type": grammar.kind, "value": grammar.value}}
    if api.grammars == "structured":
        if grammar.kind == "json_schema":
            return {"structured_outputs": {"json": json.loads(grammar.value)}}
        if grammar.kind in ("regex", "gbnf"):
            key = "regex" if grammar.kind == "regex" else "grammar"
            return {"structured_outputs": {key: grammar.value}}
    raise unsupported(known.program, "grammar")


def _logprobs(api: Api, request: FimRequest) -> int | None:
    """How many log-probabilities are asked for: the gate judges suggestions by those of their tokens."""
    if request.logprobs is not None and not api.text_logprobs:
        raise unsupported("This upstream", "logprobs")
    own = request.logprobs
    return (1 if own is None else own) if api.text_logprobs else None


def _ask(known: Known, api: Api, body: dict[str, Any], terms: Terms) -> Ask:
    return Ask(known.path(api.text), encoded(body), AnswerReader(text_piece, terms))


def text_piece(data: bytes) -> Piece:
    """One event of a continued text."""
    event = read_event(data, TextEvent)
    usage = event.usage.to_engine() if event.usage else None
    choice = next((each for each in event.choices or () if each.index == 0), None)
    if choice is None:
        return Piece(usage=usage, model=event.model or "")
    calls = Calls()
    return Piece(
        choice.text or "",
        calls=calls.take(choice.tool_calls or ()) + calls.whole(),
        tokens=choice.logprobs.to_engine() if choice.logprobs else (),
        ended=finish_of(choice.finish_reason),
        usage=usage,
        model=event.model or "",
    )

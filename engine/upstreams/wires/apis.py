"""APIs in the shape of OpenAI's as data: where they are, and what each of them knows.

Sources: OpenAI's API reference; vLLM's ``entrypoints/openai/*/protocol.py``; llama.cpp's
``tools/server/README.md``; Ollama's ``docs/openai.md``; docs.mistral.ai/api; api-docs.deepseek.com (create
chat completion, FIM completion, thinking mode); ours are in ``server/schema``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from ...upstream_settings import Kind
from .bodies import Knobs

Choice = Literal["none", "auto", "required", "named"]
_CHOICES: frozenset[Choice] = frozenset(["none", "auto", "required", "named"])
_USAGE = MappingProxyType({"include_usage": True})
_TOLD_EARLY = MappingProxyType({"include_usage": True, "continuous_usage_stats": True})
_NONE: Mapping[str, Any] = MappingProxyType({})


def _same(*names: str, **others: str) -> dict[str, str]:
    return {name: name for name in names} | others


_PENALTIES = ("frequency_penalty", "presence_penalty")
_OPENAI = _same("top_p", "seed", *_PENALTIES)
_FURTHER = _same("top_k", "min_p")


@dataclass(frozen=True, slots=True)
class Api:
    """``text`` and ``chat`` are paths, of continuations and of conversations; ``knobs`` what is known of
    choosing tokens in both, ``chat_knobs`` in conversations where that differs.

    ``most_stops`` may be sent; the rest is seen to here. ``ids`` tells whether a prompt may be token ids,
    ``text_logprobs`` and ``chat_logprobs`` whether log-probabilities are told. ``grammars`` is how the look
    of an answer is described ahead of a text; ``schemas`` whether JSON schemas are known in conversations.
    ``choices`` are what it may be told of tools, ``required`` its word for having to use one. ``effort`` is
    how it is told to reason. ``names`` tells whether messages may have a name, and ``developers`` whether
    there is that role. ``limit`` is its word for the most tokens in an answer to a conversation.
    """

    text: str = "/v1/completions"
    chat: str = "/v1/chat/completions"
    knobs: Knobs = field(default_factory=lambda: Knobs(_OPENAI, biases="object"))
    chat_knobs: Knobs | None = None
    most_stops: int = 16
    usage: Mapping[str, Any] = field(default_factory=lambda: _USAGE)
    ids: bool = False
    text_logprobs: bool = True
    chat_logprobs: bool = True
    grammars: Literal["structured", "ours"] | None = None
    schemas: bool = True
    choices: frozenset[Choice] = _CHOICES
    required: str = "required"
    parallel: bool = True
    effort: Literal["word", "vllm", "template", "deepseek", "switch", "ours"] = "word"
    names: bool = True
    developers: bool = False
    limit: str = "max_tokens"


APIS: Mapping[Kind, Api] = MappingProxyType({
    "openai": Api(most_stops=4, ids=True, developers=True),
    "vllm": Api(
        knobs=Knobs(_OPENAI | _FURTHER | _same("repetition_penalty"), biases="object"),
        most_stops=64, usage=_TOLD_EARLY, ids=True, grammars="structured", effort="vllm",
    ),
    "llama": Api(
        knobs=Knobs(
            _OPENAI | _FURTHER | {"repetition_penalty": "repeat_penalty"},
            always={"top_k": 0, "top_p": 1.0, "min_p": 0.0}, biases="pairs", dry=True,
        ),
        most_stops=64, ids=True, effort="template",
    ),
    "ollama": Api(
        knobs=Knobs(_OPENAI), most_stops=64, text_logprobs=False, choices=frozenset(["none", "auto"]),
        parallel=False,
    ),
    "mistral": Api(
        knobs=Knobs({"top_p": "top_p", "seed": "random_seed"}),
        chat_knobs=Knobs(_same("top_p", *_PENALTIES, seed="random_seed")),
        usage=_NONE, text_logprobs=False, chat_logprobs=False, required="any", effort="switch", names=False,
    ),
    "deepseek": Api(
        text="/beta/completions", chat="/chat/completions",
        knobs=Knobs(_same("top_p", *_PENALTIES)), schemas=False, parallel=False, effort="deepseek",
    ),
    "fimble": Api(
        knobs=Knobs(_OPENAI | _FURTHER | _same("repetition_penalty"), biases="object", dry=True),
        chat_knobs=Knobs(_OPENAI | _FURTHER | _same("repetition_penalty"), biases="object"),
        ids=True, grammars="ours", effort="ours", developers=True,
    ),
})  # fmt: skip

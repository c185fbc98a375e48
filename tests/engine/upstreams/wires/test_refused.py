"""What an upstream cannot honour is refused with its name, and never dropped."""

from __future__ import annotations

from typing import Any

import pytest

from fimble.engine.backends.limited import limited
from fimble.engine.errors import NoFimTokens, SettingsError, UnsupportedParameter
from fimble.engine.routing import Reasoning
from fimble.engine.types import (
    ChatRequest,
    Dry,
    FimRequest,
    Grammar,
    Message,
    Request,
    Sampling,
    TextRequest,
    TokensRequest,
    Tool,
)

from .replaying import ask_of

USER = (Message("user", "?"),)
TOOLS = (Tool("f"),)
LARK = Grammar("lark", "start: /a/")
REFUSED: list[tuple[str, Request, str]] = [
    *((kind, TextRequest("x", sampling=Sampling(0.5, top_k=3)), "top_k")
      for kind in ("openai", "mistral", "deepseek")),
    *((kind, ChatRequest(USER, sampling=Sampling(0.5, min_p=0.1)), "min_p")
      for kind in ("openai", "mistral", "deepseek", "ollama")),
    ("openai", TextRequest("x", sampling=Sampling(repetition_penalty=1.1)), "repetition_penalty"),
    ("vllm", TextRequest("x", sampling=Sampling(dry=Dry())), "dry"),
    ("deepseek", TextRequest("x", sampling=Sampling(0.5, seed=3)), "seed"),
    ("mistral", TextRequest("x", sampling=Sampling(logit_bias=((1, 1.0),))), "logit_bias"),
    ("mistral", TextRequest("x", logprobs=1), "logprobs"),
    ("mistral", ChatRequest(USER, logprobs=1), "logprobs"),
    ("mistral", FimRequest("a", "b", grammar=LARK), "grammar"),
    ("openai", FimRequest("a", "b", grammar=LARK), "grammar"),
    ("vllm", TextRequest("x", grammar=LARK), "grammar"),
    ("llama", FimRequest("a", "b", grammar=LARK), "grammar"),
    ("ollama", FimRequest("a", "b", grammar=LARK), "grammar"),
    ("deepseek", ChatRequest(USER, grammar=Grammar("json_schema", '{"type": "array"}')), "response_format"),
    ("openai", ChatRequest(USER, grammar=LARK), "response_format"),
    ("ollama", ChatRequest(USER, TOOLS, "required"), "tool_choice"),
    ("deepseek", ChatRequest(USER, TOOLS, parallel_tool_calls=False), "parallel_tool_calls"),
    ("mistral", ChatRequest((Message("user", "?", "ann"),)), "messages.name"),
    ("vllm", TextRequest("x", tools=TOOLS), "tools"),
    ("ollama", TextRequest((1, 2)), "prompt"),
    ("mistral", TextRequest((1, 2)), "prompt"),
    ("vllm", TextRequest((1, 2), echo=True), "echo"),
    ("vllm", TextRequest("x", echo=True, logprobs=1), "echo"),
    ("vllm", TextRequest("a <|fim_prefix|> b"), "prompt"),
    ("fimble", TextRequest("a <|fim_prefix|> b"), "prompt"),
    ("llama", TextRequest("a <｜fim▁begin｜> b"), "prompt"),
    ("vllm", TokensRequest("x"), "tokens"),
    ("mistral", TokensRequest("x"), "tokens"),
    ("ollama", TokensRequest("x"), "tokens"),
    ("llama", TokensRequest(("x", 1)), "prompt"),
    ("mistral", ChatRequest(USER, reasoning=Reasoning("low")), "reasoning.effort"),
    ("openai", ChatRequest(USER, reasoning=Reasoning(max_tokens=3)), "reasoning.max_tokens"),
    ("deepseek", TextRequest("x", max_tokens=5000), "max_tokens"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "request_", "param"), REFUSED)
def test_what_cannot_be_honoured(kind: Any, request_: Request, param: str) -> None:
    with pytest.raises(UnsupportedParameter) as caught:
        ask_of(kind, limited(request_), model="qwen", chat=True, reasoning=True, suffix=kind == "ollama")
    assert caught.value.param == param
    assert f"`{param}`" in caught.value.message


def test_what_is_of_no_use_is_no_reason_to_refuse() -> None:
    """The most likely token needs no seed, and control tokens may be read where the caller is allowed to."""
    ask_of("deepseek", TextRequest("x", sampling=Sampling(seed=3)), model="m")
    ask_of("vllm", TextRequest("<|fim_prefix|>", controls=True), model="qwen")


def test_a_model_that_may_not_reason_is_not_told_to() -> None:
    with pytest.raises(UnsupportedParameter):
        ask_of("openai", ChatRequest(USER, reasoning=Reasoning("low")), model="m", chat=True)
    with pytest.raises(UnsupportedParameter):
        ask_of("vllm", ChatRequest(USER, reasoning=Reasoning("low")), model="qwen")
    with pytest.raises(UnsupportedParameter):
        ask_of("vllm", ChatRequest(USER, TOOLS), model="qwen")


@pytest.mark.parametrize("kind", ["openai", "vllm", "ollama"])
def test_a_model_of_which_no_tokens_are_known(kind: Any) -> None:
    with pytest.raises(NoFimTokens, match=r"'mystery-7b'.*`family`"):
        ask_of(kind, limited(FimRequest("a", "b")), model="mystery-7b")
    ask_of(kind, limited(FimRequest("a", "b")), model="mystery-7b", family="starcoder2")


def test_a_family_that_nobody_knows() -> None:
    with pytest.raises(SettingsError, match="qwen"):
        ask_of("vllm", FimRequest("a", "b"), model="m", family="nonsense")

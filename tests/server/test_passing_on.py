"""Every field that changes how tokens are chosen reaches the engine's own request, unchanged."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from fimble.engine.types import ChatRequest, Delta, Dry, Grammar, ModelInfo, Request, TextRequest

from .conftest import Api, FailingBackend, Start

COMPLETIONS, CHAT = "/v1/completions", "/v1/chat/completions"
BODIES: dict[str, dict[str, Any]] = {
    COMPLETIONS: {"prompt": "x"},
    CHAT: {"messages": [{"role": "user", "content": "x"}]},
}


class Listener(FailingBackend):
    """Answers nothing, and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(RuntimeError())
        self.heard: list[Request] = []

    async def info(self) -> ModelInfo:
        return ModelInfo("listener", "test", 4096, supports_fim=True, supports_chat=True)

    async def generate(self, request: Request) -> AsyncGenerator[Delta]:
        self.heard.append(request)
        yield Delta("", "stop")


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
async def listening(start: Start, listener: Listener) -> Api:
    return await start(backend=listener)


@pytest.mark.parametrize("path", [COMPLETIONS, CHAT])
@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("temperature", 0.3, 0.3),
        ("top_p", 0.4, 0.4),
        ("top_k", 7, 7),
        ("top_k", -1, 0),
        ("min_p", 0.05, 0.05),
        ("frequency_penalty", -1.5, -1.5),
        ("presence_penalty", 1.5, 1.5),
        ("repetition_penalty", 1.2, 1.2),
        ("repetition_penalty", 0, 1.0),
        ("seed", 42, 42),
        ("logit_bias", {"7": -100, "8": 2.5}, ((7, -100), (8, 2.5))),
    ],
)
async def test_sampling(
    listening: Api, listener: Listener, path: str, field: str, value: Any, expected: Any
) -> None:
    assert (await listening.post(path, BODIES[path] | {field: value})).status == 200
    [request] = listener.heard
    assert getattr(request.sampling, field) == expected


async def test_dry(listening: Api, listener: Listener) -> None:
    dry = {
        "dry_multiplier": 0.8, "dry_base": 2, "dry_allowed_length": 3, "dry_sequence_breakers": ["\n", ";"]
    }  # fmt: skip
    await listening.post(COMPLETIONS, BODIES[COMPLETIONS] | dry)
    await listening.post(COMPLETIONS, BODIES[COMPLETIONS] | dry | {"dry_multiplier": 0})
    assert [each.sampling.dry for each in listener.heard] == [Dry(0.8, 2, 3, ("\n", ";")), None]


@pytest.mark.parametrize("path", [COMPLETIONS, CHAT])
@pytest.mark.parametrize(
    ("body", "name", "expected"),
    [
        ({"max_tokens": 33}, "max_tokens", 33),
        ({"stop": "a"}, "stop", ("a",)),
        ({"stop": ["a", "b"]}, "stop", ("a", "b")),
        ({"parallel_tool_calls": False}, "parallel_tool_calls", False),
    ],
)
async def test_limits_and_tools(
    listening: Api, listener: Listener, path: str, body: dict[str, Any], name: str, expected: Any
) -> None:
    await listening.post(path, BODIES[path] | body)
    assert getattr(listener.heard[0], name) == expected


async def test_what_only_completions_have(listening: Api, listener: Listener) -> None:
    grammar = {"type": "regex", "value": "a+"}
    more = {"echo": True, "truncate_sequence": True, "logprobs": 3, "grammar": grammar}
    await listening.post(COMPLETIONS, BODIES[COMPLETIONS] | more)
    [request] = listener.heard
    assert isinstance(request, TextRequest)
    assert (request.echo, request.truncate, request.logprobs) == (True, True, 3)
    assert request.grammar == Grammar("regex", "a+")


async def test_what_only_chat_has(listening: Api, listener: Listener) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "null"}}}
    more = {"logprobs": True, "top_logprobs": 4, "response_format": form, "transforms": ["middle-out"]}
    await listening.post(CHAT, BODIES[CHAT] | more)
    [request] = listener.heard
    assert isinstance(request, ChatRequest)
    assert (request.logprobs, request.middle_out) == (4, True)
    assert request.grammar == Grammar("json_schema", '{"type": "null"}')


@pytest.mark.parametrize(("sent", "expected"), [({}, 0.2), ({"temperature": 0}, 0.0)])
async def test_temperature_of_prompts_is_a_fifth_by_default(
    listening: Api, listener: Listener, sent: dict[str, Any], expected: float
) -> None:
    await listening.post("/v1/complete", {"prompt": "x"} | sent)
    assert listener.heard[0].sampling.temperature == expected

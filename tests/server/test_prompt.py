"""``POST /v1/complete``: the contract's table, field by field."""

from __future__ import annotations

import re

import pytest

from fimble.server.store.keys import Allowance, NewKey

from .conftest import ANSWER, Api, Start

PATH = "/v1/complete"


async def test_the_response_has_the_fields_of_the_contract(api: Api) -> None:
    found = (await api.post(PATH, {"prompt": "x = "})).json
    assert list(found) == [
        "id", "object", "model", "content", "finish_reason", "usage", "latency_ms", "created_at",
    ]  # fmt: skip
    assert re.fullmatch(r"cmpl_\w+", found["id"])
    assert found["object"] == "completion"
    assert found["model"] == "fake"
    assert found["content"] == ANSWER
    assert found["finish_reason"] == "stop"
    assert found["usage"] == {"prompt_tokens": 4, "completion_tokens": 12, "total_tokens": 16}
    assert isinstance(found["latency_ms"], int)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", found["created_at"])


async def test_prompt_is_continued(start: Start) -> None:
    api = await start(fake={"answer": "one two three"})
    assert (await api.post(PATH, {"prompt": "one t", "temperature": 0})).json["content"] == "wo three"


@pytest.mark.parametrize("model", [None, "default", "fake"])
async def test_model_is_the_servers_default_or_named(api: Api, model: str | None) -> None:
    assert (await api.post(PATH, {"prompt": "x", "model": model})).json["model"] == "fake"


@pytest.mark.parametrize("tokens", [1, 8000])
async def test_max_tokens_1_to_8000(api: Api, tokens: int) -> None:
    found = (await api.post(PATH, {"prompt": "x", "max_tokens": tokens})).json
    assert found["finish_reason"] == ("length" if tokens == 1 else "stop")


async def test_max_tokens_is_500_by_default(start: Start) -> None:
    api = await start(fake={"endless": True})
    found = (await api.post(PATH, {"prompt": "x"})).json
    assert found["usage"]["completion_tokens"] == 500
    assert found["finish_reason"] == "length"


async def test_max_tokens_and_the_keys_own_ceiling(start: Start) -> None:
    api = await start(fake={"endless": True})
    keyed = await api.make_key(NewKey("somebody", allowance=Allowance(max_tokens=20)))
    assert (await keyed.post(PATH, {"prompt": "x"})).json["usage"]["completion_tokens"] == 20
    refused = await keyed.post(PATH, {"prompt": "x", "max_tokens": 21})
    assert refused.error == (400, "invalid_request_error", "invalid_value", "max_tokens")


@pytest.mark.parametrize("temperature", [0, 0.2, 1])
async def test_temperature_0_to_1(api: Api, temperature: float) -> None:
    assert (await api.post(PATH, {"prompt": "x", "temperature": temperature})).status == 200


async def test_temperature_0_is_deterministic(api: Api) -> None:
    replies = [await api.post(PATH, {"prompt": "x", "temperature": 0}) for _ in range(3)]
    assert {reply.json["content"] for reply in replies} == {ANSWER}


async def test_stop_up_to_four(api: Api) -> None:
    found = (await api.post(PATH, {"prompt": "x", "stop": ["§", "b", "+", "%"]})).json
    assert found["content"] == "return a "


async def test_stream_sends_deltas_and_done(api: Api) -> None:
    *deltas, done = (await api.post(PATH, {"prompt": "x", "stream": True})).events
    assert done == "[DONE]"
    assert all(set(delta) == {"delta"} for delta in deltas)
    assert "".join(delta["delta"] for delta in deltas) == ANSWER


@pytest.mark.parametrize("language", ["python", "javascript", "typescript", "go", "rust", "java", "cpp"])
async def test_language_and_system_an_instruction_ahead_of_the_prompt(api: Api, language: str) -> None:
    plain = (await api.post(PATH, {"prompt": "x", "language": language})).json["usage"]["prompt_tokens"]
    body = {"prompt": "x", "language": language, "system": "Be terse."}
    told = (await api.post(PATH, body)).json["usage"]["prompt_tokens"]
    marker = "# " if language == "python" else "// "
    assert told == plain + len(marker + "Be terse.\n")

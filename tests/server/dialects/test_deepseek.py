"""DeepSeek's ``/beta/completions``: OpenAI's legacy shape, with suggestions as editors get them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from fimble.engine.types import FimRequest, TextRequest
from fimble.server.store.keys import NewKey

from ..conftest import Api, Start, until
from ..test_memory import OTHER, SAID, Counting
from ..test_variants import Held

PATHS = ["/beta/completions", "/beta/v1/completions"]
PATH = PATHS[0]
HOLE: dict[str, Any] = {"model": "deepseek-chat", "prompt": "import os\n\nx = ", "suffix": "\n"}


@pytest.fixture
def model() -> Counting:
    return Counting()


@pytest.fixture
async def api(start: Start, model: Counting) -> Api:
    return await start(backend=model)


async def told(api: Api, path: str = PATH, **fields: Any) -> Any:
    reply = await api.post(path, HOLE | fields)
    assert reply.status == 200, reply.text
    return reply.json


async def heard(api: Api, model: Counting, **fields: Any) -> FimRequest:
    await told(api, **fields)
    [request] = model.heard
    assert isinstance(request, FimRequest)
    return request


@pytest.mark.parametrize("path", PATHS)
async def test_the_answer(api: Api, path: str) -> None:
    found = await told(api, path)
    assert list(found) == ["id", "object", "created", "model", "choices", "usage"]
    assert (found["object"], found["model"]) == ("text_completion", "failing")
    assert found["choices"] == [{"text": SAID, "index": 0, "logprobs": None, "finish_reason": "stop"}]
    assert found["usage"]["total_tokens"] == 15


async def test_a_suggestion_as_editors_get_it(api: Api, model: Counting) -> None:
    request = await heard(api, model, max_tokens=99, stop="a", frequency_penalty=0.5, presence_penalty=0.25)
    assert (request.eagerness, request.trim, request.supersedes) == ("balanced", True, False)
    assert (request.invoked, request.max_tokens, request.stop) == (False, 99, ("a",))
    assert (request.sampling.frequency_penalty, request.sampling.presence_penalty) == (0.5, 0.25)


async def test_tokens_are_4096_unless_said_otherwise(api: Api, model: Counting) -> None:
    assert (await heard(api, model)).max_tokens == 4096
    reply = await api.post(PATH, HOLE | {"max_tokens": 4097})
    assert reply.error == (400, "invalid_request_error", "invalid_value", "max_tokens")


async def test_a_stream_with_usage(api: Api) -> None:
    body = HOLE | {"stream": True, "stream_options": {"include_usage": True}}
    *chunks, last, done = (await api.post(PATH, body)).events
    assert done == "[DONE]"
    assert "".join(chunk["choices"][0]["text"] for chunk in chunks) == SAID
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert (last["choices"], last["usage"]["completion_tokens"]) == ([], 5)


@pytest.mark.parametrize("stream", [False, True])
async def test_typing_along_asks_the_model_once(api: Api, model: Counting, stream: bool) -> None:
    await api.post(PATH, HOLE | {"stream": stream})
    found = await told(api, prompt=HOLE["prompt"] + "fo")
    assert (found["choices"][0]["text"], found["usage"]["total_tokens"]) == (SAID[2:], 0)
    assert len(model.heard) == 1


async def test_a_temperature_is_sampled(api: Api) -> None:
    assert (await told(api, temperature=0.2))["choices"][0]["text"] == OTHER


async def test_without_a_suffix_the_prompt_is_continued(api: Api, model: Counting) -> None:
    await told(api, suffix=None, echo=True, logprobs=2)
    [request] = model.heard
    assert isinstance(request, TextRequest)
    assert (request.prompt, request.echo, request.logprobs) == (HOLE["prompt"], True, 2)


async def test_logprobs_in_a_hole_are_of_the_model_s_own_text(api: Api, model: Counting) -> None:
    request = await heard(api, model, logprobs=3)
    assert (request.logprobs, request.trim, request.mode) == (3, False, "block")


async def test_echo_in_a_hole_is_refused(api: Api) -> None:
    reply = await api.post(PATH, HOLE | {"echo": True})
    assert reply.error == (400, "invalid_request_error", "unsupported_parameter", "echo")


async def test_a_prompt_is_needed(api: Api) -> None:
    reply = await api.post(PATH, {"suffix": ""})
    assert reply.error == (400, "invalid_request_error", "missing_field", "prompt")


async def test_keys_and_usage(api: Api) -> None:
    keyed = await api.make_key(NewKey("ann"))
    wrong = await api.with_key("fim_wrong").post(PATH, HOLE)
    assert wrong.error[:3] == (401, "invalid_request_error", "invalid_api_key")
    await told(keyed)
    [row] = (await keyed.get("/v1/usage")).json["data"]
    assert (row["endpoint"], row["requests"]) == (PATH, 1)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_client_that_hangs_up_stops_the_model(start: Start, stream: bool) -> None:
    held = Held()
    api = await start(backend=held)
    task = asyncio.create_task(api.post(PATH, HOLE | {"stream": stream}))
    await until(lambda: held.running)
    task.cancel()
    await until(lambda: not held.running and not api.services.metrics.under_way)

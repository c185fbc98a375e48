"""Mistral's ``/v1/fim/completions``: every field, streams, errors, memory, hang-ups."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from fimble.engine.types import FimRequest, ModelInfo
from fimble.server.store.keys import Allowance, NewKey

from ..conftest import ANSWER, Api, Reply, Start, until
from ..test_memory import OTHER, SAID, Counting
from ..test_variants import Held

PATH = "/v1/fim/completions"
HOLE: dict[str, Any] = {"model": "codestral-latest", "prompt": "import os\n\nx = ", "suffix": "\n"}
USED = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
NOTHING = dict.fromkeys(USED, 0)


@pytest.fixture
def model() -> Counting:
    return Counting()


@pytest.fixture
async def api(start: Start, model: Counting) -> Api:
    return await start(backend=model)


async def told(api: Api, **fields: Any) -> Any:
    reply = await api.post(PATH, HOLE | fields)
    assert reply.status == 200, reply.text
    return reply.json


async def heard(api: Api, model: Counting, **fields: Any) -> FimRequest:
    await told(api, **fields)
    [request] = model.heard
    assert isinstance(request, FimRequest)
    return request


def refused(reply: Reply) -> tuple[int, list[str | int], str]:
    """Status, place and kind of what is wrong with a body."""
    [found] = reply.json["detail"]
    assert found["msg"]
    return reply.status, found["loc"], found["type"]


async def test_the_answer_is_a_chat_s(api: Api) -> None:
    found = await told(api)
    assert re.fullmatch(r"cmpl-\w+", found.pop("id"))
    assert found.pop("created") > 0
    message = {"role": "assistant", "content": SAID}
    assert found == {
        "object": "chat.completion",
        "model": "failing",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": USED,
    }


async def test_a_stream(api: Api) -> None:
    *chunks, done = (await api.post(PATH, HOLE | {"stream": True})).events
    assert done == "[DONE]"
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk["id"] for chunk in chunks}) == 1
    said = [chunk["choices"][0]["delta"] for chunk in chunks]
    assert "".join(delta["content"] for delta in said) == SAID
    assert [delta.get("role") for delta in said] == ["assistant"] + [None] * (len(said) - 1)
    reasons = [chunk["choices"][0]["finish_reason"] for chunk in chunks]
    assert reasons == [None] * (len(reasons) - 1) + ["stop"]
    assert [chunk.get("usage") for chunk in chunks] == [None] * (len(chunks) - 1) + [USED]


async def test_every_field_reaches_the_engine(api: Api, model: Counting) -> None:
    request = await heard(
        api, model, temperature=0.4, top_p=0.5, max_tokens=9, min_tokens=0, stop=["a", "b"], random_seed=7,
        metadata={"a": 1}, prompt_cache_key="k", frequency_penalty=0.1, presence_penalty=0.2, unknown=1,
    )  # fmt: skip
    assert (request.prefix, request.suffix) == (HOLE["prompt"], "\n")
    assert (request.max_tokens, request.stop) == (9, ("a", "b"))
    sampling = request.sampling
    assert (sampling.temperature, sampling.top_p, sampling.seed) == (0.4, 0.5, 7)
    assert (sampling.frequency_penalty, sampling.presence_penalty) == (0.1, 0.2)
    assert (request.eagerness, request.supersedes, request.trim) == ("balanced", False, True)
    assert (await told(api, temperature=0.4))["choices"][0]["message"]["content"] == OTHER


@pytest.mark.parametrize("suffix", [None, ""])
async def test_without_a_suffix_nothing_is_behind_the_hole(
    api: Api, model: Counting, suffix: str | None
) -> None:
    request = await heard(api, model, suffix=suffix, temperature=None, stop=None, max_tokens=None)
    assert (request.suffix, request.max_tokens, request.stop) == ("", None, ())


async def test_sentinels_in_a_prompt_stay_text(start: Start, model: Counting) -> None:
    api = await start(backend=model, raw_prompts=True)
    prompt = "<|fim_prefix|>x = <|fim_suffix|>\n<|fim_middle|>"
    assert (await heard(api, model, prompt=prompt)).prefix == prompt


@pytest.mark.parametrize("stream", [False, True])
async def test_typing_along_asks_the_model_once(api: Api, model: Counting, stream: bool) -> None:
    await api.post(PATH, HOLE | {"stream": stream})
    found = await told(api, prompt=HOLE["prompt"] + "fo")
    assert found["choices"][0]["message"]["content"] == SAID[2:]
    assert found["usage"] == NOTHING
    event, done = (await api.post(PATH, HOLE | {"stream": True})).events
    assert event["choices"] == [
        {"index": 0, "delta": {"role": "assistant", "content": SAID}, "finish_reason": "stop"}
    ]
    assert (event["usage"], done) == (NOTHING, "[DONE]")
    assert len(model.heard) == 1


async def test_a_cache_key_tells_documents_apart(api: Api, model: Counting) -> None:
    for key in ("a", "b", "a"):
        await told(api, prompt_cache_key=key)
    assert len(model.heard) == 2


async def test_max_tokens_0_reads_the_prompt(start: Start) -> None:
    found = await told(await start(), max_tokens=0)
    assert found["choices"][0]["message"]["content"] == ""
    assert found["choices"][0]["finish_reason"] == "length"


async def test_a_limit_is_told(start: Start) -> None:
    api = await start(fake={"endless": True}, eagerness="off")
    assert (await told(api, max_tokens=3))["choices"][0]["finish_reason"] == "length"


async def test_an_unknown_model_is_the_default_one(start: Start) -> None:
    models = {"small": {"model": "fake"}, "large": {"model": "fake"}}
    rules = ({"model": "large", "languages": ["python"]},)
    api = await start(engine={"models": models, "model": "small", "rules": rules}, eagerness="off")
    asked: tuple[tuple[str | None, str], ...] = (
        ("codestral-latest", "small"), ("default", "small"), ("large", "large"), (None, "large"),
    )  # fmt: skip
    for name, answers in asked:
        found = await told(api, model=name)
        assert (found["model"], found["choices"][0]["message"]["content"]) == (answers, ANSWER)


@pytest.mark.parametrize(
    ("wrong", "place", "kind"),
    [
        ({"prompt": None}, ["body", "prompt"], "invalid_value"),
        ({"prompt": ["a"]}, ["body", "prompt"], "invalid_value"),
        ({"temperature": 9}, ["body", "temperature"], "invalid_value"),
        ({"top_p": 2}, ["body", "top_p"], "invalid_value"),
        ({"max_tokens": -1}, ["body", "max_tokens"], "invalid_value"),
        ({"stop": ["a", 1]}, ["body", "stop", 1], "invalid_value"),
        ({"min_tokens": 2}, ["body", "min_tokens"], "unsupported_parameter"),
    ],
)
async def test_what_is_refused(api: Api, wrong: dict[str, Any], place: list[str | int], kind: str) -> None:
    assert refused(await api.post(PATH, HOLE | wrong)) == (422, place, kind)


async def test_a_body_that_is_no_json(api: Api) -> None:
    headers = {"Content-Type": "application/json"}
    assert refused(await api.send("POST", PATH, data=b"{", headers=headers)) == (
        422,
        ["body"],
        "invalid_json",
    )


async def test_a_model_without_holes_is_refused(start: Start, model: Counting) -> None:
    async def info() -> ModelInfo:
        return ModelInfo("failing", "test", 4096, supports_fim=False)

    model.info = info  # type: ignore[method-assign]
    reply = await (await start(backend=model)).post(PATH, HOLE)
    assert refused(reply) == (422, ["body", "model"], "unsupported_parameter")


async def test_keys_scopes_and_limits(api: Api) -> None:
    chatty = await api.make_key(NewKey("bob", scopes=("chat",)))
    wrong = await api.with_key("fim_wrong").post(PATH, HOLE)
    assert wrong.status == 401
    assert wrong.json["object"] == "error"
    assert wrong.json["code"] == "invalid_api_key"
    reply = await chatty.post(PATH, HOLE)
    assert (reply.status, reply.json["type"], reply.json["code"]) == (403, "permission_error", "key_scope")
    small = await api.make_key(NewKey("ann", allowance=Allowance(max_tokens=4)))
    assert refused(await small.post(PATH, HOLE | {"max_tokens": 5})) == (
        422, ["body", "max_tokens"], "invalid_value",
    )  # fmt: skip
    assert (await small.post(PATH, HOLE)).status == 200
    rows = {row["model"]: row for row in (await small.get("/v1/usage")).json["data"]}
    assert (rows["failing"]["endpoint"], rows["failing"]["completion_tokens"]) == (PATH, 5)


async def test_an_address_beside_it_answers_in_the_same_shape(api: Api) -> None:
    reply = await api.post("/v1/fim/nothing", HOLE)
    assert (reply.status, reply.json["object"], reply.json["code"]) == (404, "error", "not_found")


@pytest.mark.parametrize("stream", [False, True])
async def test_a_client_that_hangs_up_stops_the_model(start: Start, stream: bool) -> None:
    held = Held()
    api = await start(backend=held)
    task = asyncio.create_task(api.post(PATH, HOLE | {"stream": stream}))
    await until(lambda: held.running)
    task.cancel()
    await until(lambda: not held.running and not api.services.metrics.under_way)


async def test_an_error_in_a_stream_is_its_last_event(start: Start) -> None:
    lines = "".join(f"    call_{i}(x{i})\n" for i in range(400)).lstrip()
    fake = {"answer": lines, "token_ms": 5, "context_length": 100_000}
    api = await start(fake=fake, request_seconds=1, eagerness="off")
    body = HOLE | {"prompt": "def f():\n    ", "suffix": "", "stream": True, "max_tokens": 4000}
    *chunks, last = (await api.post(PATH, body)).events
    assert chunks[0]["choices"][0]["delta"]["content"]
    assert (last["object"], last["code"]) == ("error", "deadline_exceeded")

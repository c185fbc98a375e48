"""``POST /v1/completions`` around a hole: ``suffix``, and prompts that an editor has laid out itself."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from fimble.engine.types import FimRequest, Request, Snippet, TextRequest
from fimble.server.store.keys import NewKey

from .conftest import Api, Start, until
from .test_memory import OTHER, SAID, Counting
from .test_variants import Held

PATH = "/v1/completions"
HOLE: dict[str, Any] = {"prompt": "import os\n\nx = ", "suffix": "\n"}
LAID_OUT = "<|file_sep|>b.py\ny = 1\n<|fim_prefix|>x = <|fim_suffix|>\n<|fim_middle|>"


@pytest.fixture
def model() -> Counting:
    return Counting()


@pytest.fixture
async def api(start: Start, model: Counting) -> Api:
    return await start(backend=model)


async def texts(api: Api, **body: Any) -> list[str]:
    reply = await api.post(PATH, HOLE | body)
    assert reply.status == 200, reply.text
    return [choice["text"] for choice in reply.json["choices"]]


def only(model: Counting) -> Request:
    """The one thing that the model was asked."""
    [request] = model.heard
    return request


async def test_a_suggestion_however_unsure(api: Api, model: Counting) -> None:
    assert await texts(api) == [SAID]
    request = only(model)
    assert isinstance(request, FimRequest)
    assert (request.prefix, request.suffix) == (HOLE["prompt"], "\n")
    assert (request.trim, request.eagerness, request.invoked) == (True, None, True)
    assert (request.supersedes, request.max_tokens, request.language) == (False, 16, "python")


async def test_it_is_trimmed(start: Start) -> None:
    api = await start(fake={"answer": "1\n\n\nprint(x)"})
    body = {"prompt": "x = ", "suffix": "\n\n\nprint(x)\n"}
    assert await texts(api, **body) == ["1"]
    assert await texts(api, logprobs=0, **body) == ["1\n\n\nprint(x)"]


@pytest.mark.parametrize("stream", [False, True])
async def test_typing_along_asks_the_model_once(api: Api, model: Counting, stream: bool) -> None:
    await api.post(PATH, HOLE | {"stream": stream})
    found = (await api.post(PATH, HOLE | {"prompt": HOLE["prompt"] + "fo"})).json
    assert (found["choices"][0]["text"], found["usage"]["total_tokens"]) == (SAID[2:], 0)
    event, done = (await api.post(PATH, HOLE | {"stream": True})).events
    assert event["choices"][0] == {"text": SAID, "index": 0, "logprobs": None, "finish_reason": "stop"}
    assert done == "[DONE]"
    assert len(model.heard) == 1


@pytest.mark.parametrize(
    "raw",
    [{"logprobs": 2}, {"grammar": {"type": "regex", "value": "[0-9]+"}}, {"best_of": 2, "temperature": 0}],
    ids=str,
)
async def test_the_model_s_own_text_as_it_comes(api: Api, model: Counting, raw: dict[str, Any]) -> None:
    for _ in range(2):
        await texts(api, **raw)
    assert len(model.heard) == 2 * raw.get("best_of", 1)
    for request in model.heard:
        assert isinstance(request, FimRequest)
        assert (request.trim, request.mode, request.document, request.language) == (False, "block", None, "")


async def test_each_of_several_candidates_can_be_typed(api: Api, model: Counting) -> None:
    assert await texts(api, n=3) == [SAID, OTHER, OTHER]
    assert await texts(api, prompt=HOLE["prompt"] + "ba") == [OTHER[2:]]
    assert await texts(api, prompt=HOLE["prompt"] + "foo") == [SAID[3:]]
    assert len(model.heard) == 3


async def test_several_candidates_in_a_stream(api: Api) -> None:
    *chunks, _ = (await api.post(PATH, HOLE | {"n": 2, "stream": True})).events
    joined = ["", ""]
    for chunk in chunks:
        joined[chunk["choices"][0]["index"]] += chunk["choices"][0]["text"]
    assert joined == [SAID, OTHER]


async def test_what_is_asked_by_typing_does_not_end_it(start: Start) -> None:
    held = Held()
    api = await start(backend=held)
    tasks = [asyncio.create_task(api.post(PATH, HOLE)) for _ in range(3)]
    await until(lambda: len(held.running) == 3)
    held.gates[0].set()
    assert [(await task).status for task in tasks] == [200] * 3


async def test_sentinels_stay_text_for_who_may_not_send_them(api: Api, model: Counting) -> None:
    await texts(api, prompt=LAID_OUT, suffix=None)
    request = only(model)
    assert isinstance(request, TextRequest)
    assert (request.prompt, request.controls) == (LAID_OUT, False)


async def test_sentinels_tell_the_hole_to_who_may_send_them(api: Api, model: Counting) -> None:
    keyed = await api.make_key(NewKey("ann", scopes=("complete", "raw")))
    assert await texts(keyed, prompt=LAID_OUT, suffix=None, max_tokens=40) == [SAID]
    request = only(model)
    assert isinstance(request, FimRequest)
    assert (request.prefix, request.suffix, request.max_tokens) == ("x = ", "\n", 40)
    assert (request.beside, request.eagerness) == ((Snippet("b.py", "y = 1\n"),), "balanced")


@pytest.mark.parametrize("other", [{"prompt": "x = "}, {"echo": True}, {"prompt": [120, 61]}], ids=str)
async def test_other_prompts_may_hold_control_tokens(
    start: Start, model: Counting, other: dict[str, Any]
) -> None:
    api = await start(backend=model, raw_prompts=True)
    await texts(api, **{"prompt": LAID_OUT, "suffix": None} | other)
    request = only(model)
    assert isinstance(request, TextRequest)
    assert request.controls


async def test_a_laid_out_hole_with_logprobs(start: Start, model: Counting) -> None:
    api = await start(backend=model, raw_prompts=True)
    await texts(api, prompt=LAID_OUT, suffix=None, logprobs=1)
    request = only(model)
    assert isinstance(request, FimRequest)
    assert (request.trim, request.snippets) == (False, (Snippet("b.py", "y = 1\n"),))

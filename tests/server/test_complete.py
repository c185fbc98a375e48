"""``POST /complete``: the contract's table, field by field, and the extensions."""

from __future__ import annotations

import pytest

from fimble.server.store.keys import Allowance, NewKey

from .conftest import ANSWER, Api, Start

HOLE = {"prefix": "def add(a, b):\n    ", "suffix": "\n", "language": "python"}


async def test_the_response_has_exactly_two_fields(api: Api) -> None:
    reply = await api.post("/complete", HOLE)
    assert reply.status == 200
    assert reply.json == {"completion": ANSWER, "finish_reason": "stop"}


async def test_prefix_and_suffix_may_be_empty(api: Api) -> None:
    reply = await api.post("/complete", {"prefix": "", "suffix": "", "language": "python"})
    assert reply.json["completion"] == ANSWER


@pytest.mark.parametrize("language", ["typescript", "python", "go", "klingon", ""])
async def test_language_unknown_ones_are_accepted(api: Api, language: str) -> None:
    assert (await api.post("/complete", HOLE | {"language": language})).status == 200


async def test_file_path_is_never_opened(api: Api) -> None:
    for path in ("src/add.py", "/etc/passwd", "../../elsewhere", "\x00"):
        assert (await api.post("/complete", HOLE | {"file_path": path})).json["completion"] == ANSWER


async def test_finish_reason_is_length_at_the_token_limit(api: Api) -> None:
    reply = await api.post("/complete", HOLE | {"max_tokens": 6})
    assert reply.json == {"completion": "return", "finish_reason": "length"}


async def test_max_tokens_0_warms_the_cache_and_answers_at_once(api: Api) -> None:
    reply = await api.post("/complete", HOLE | {"max_tokens": 0})
    assert reply.json == {"completion": "", "finish_reason": "length"}
    usage = (await api.post("/complete", HOLE | {"details": True})).json["usage"]
    assert usage["cached_tokens"] >= usage["prompt_tokens"] - 1


async def test_max_tokens_0_is_counted_as_what_it_is(api: Api) -> None:
    keyed = await api.make_key(
        NewKey("ann", allowance=Allowance(requests_per_minute=100, tokens_per_minute=50))
    )
    body = HOLE | {"max_tokens": 0, "details": True}
    replies = [await keyed.post("/complete", body | {"prefix": HOLE["prefix"] + str(i)}) for i in range(6)]
    assert replies[0].json["usage"]["prompt_tokens"] > 20
    assert {reply.status for reply in replies} == {200, 429}
    total = (await keyed.get("/v1/usage")).json["total"]
    assert total["requests"] == len(replies)
    assert total["prompt_tokens"] > 50


async def test_model_is_default_or_named(api: Api) -> None:
    for model in ("default", "fake", None):
        assert (await api.post("/complete", HOLE | {"model": model})).status == 200


async def test_temperature_and_seed_the_same_seed_gives_the_same_text(api: Api) -> None:
    body = HOLE | {"temperature": 2.0, "seed": 7, "trim": False, "max_tokens": 20}
    first, second = await api.post("/complete", body), await api.post("/complete", body)
    assert first.json == second.json


async def test_stop_ends_the_text_before_the_stop_string(api: Api) -> None:
    reply = await api.post("/complete", HOLE | {"stop": [" +"]})
    assert reply.json == {"completion": "return a", "finish_reason": "stop"}


async def test_n_gives_completions_too(api: Api) -> None:
    reply = await api.post("/complete", HOLE | {"n": 3})
    assert reply.json["completions"][0] == reply.json["completion"] == ANSWER
    assert len(set(reply.json["completions"])) == len(reply.json["completions"]) <= 3


async def test_stream_sends_deltas_and_done(api: Api) -> None:
    reply = await api.post("/complete", HOLE | {"stream": True})
    *deltas, done = reply.events
    assert done == "[DONE]"
    assert all(set(delta) == {"delta"} for delta in deltas)
    assert "".join(delta["delta"] for delta in deltas) == ANSWER


async def test_stream_with_details_ends_with_usage(api: Api) -> None:
    *_, last, done = (await api.post("/complete", HOLE | {"stream": True, "details": True})).events
    assert done == "[DONE]"
    assert last["finish_reason"] == "stop"
    assert last["usage"]["completion_tokens"] == len(ANSWER)


async def test_context_is_taken(api: Api) -> None:
    snippet = {"file_path": "b.py", "content": "def sub(a, b): ...\n", "kind": "definition"}
    plain = await api.post("/complete", HOLE | {"details": True})
    more = await api.post("/complete", HOLE | {"details": True, "context": [snippet]})
    assert more.json["usage"]["prompt_tokens"] > plain.json["usage"]["prompt_tokens"]


async def test_mode_line_ends_with_the_line(start: Start) -> None:
    api = await start(fake={"answer": "if a:\n        return b"})
    line = await api.post("/complete", HOLE | {"mode": "line"})
    block = await api.post("/complete", HOLE | {"mode": "block"})
    assert line.json["completion"] == "if a:"
    assert block.json["completion"].startswith("if a:\n        return b")


async def test_mode_auto_goes_by_the_syntax_at_the_cursor(start: Start) -> None:
    api = await start(fake={"answer": "a\n    b = 2"})
    within = {"prefix": "def f():\n    x = ", "suffix": " + 1\n    return x\n", "language": "python"}
    ahead = {"prefix": "def f():\n    ", "suffix": "\n", "language": "python"}
    assert (await api.post("/complete", within)).json["completion"] == "a"
    assert (await api.post("/complete", ahead | {"mode": "auto"})).json["completion"] == "a\n    b = 2"


async def test_deadline_ms_is_no_bound_to_who_answers_in_time(api: Api) -> None:
    assert (await api.post("/complete", HOLE | {"deadline_ms": 60_000})).json["completion"] == ANSWER


async def test_details_tell_model_usage_and_timings(api: Api) -> None:
    reply = await api.post("/complete", HOLE | {"details": True})
    assert set(reply.json) == {"completion", "finish_reason", "model", "usage", "timings", "confidence"}
    assert reply.json["model"] == "fake"
    assert set(reply.json["timings"]) == {"queue_ms", "prompt_ms", "generate_ms", "total_ms"}


async def test_whole_numbers_may_be_written_as_floats(api: Api) -> None:
    data = b'{"prefix":"","suffix":"","language":"lua","max_tokens":6.0}'
    reply = await api.send("POST", "/complete", data=data, headers={"Content-Type": "application/json"})
    assert reply.json["completion"] == "return"


@pytest.mark.parametrize("path", [".env", "config/prod.tfvars"])
async def test_nothing_is_suggested_for_files_with_secrets(api: Api, path: str) -> None:
    reply = await api.post("/complete", HOLE | {"file_path": path})
    error = reply.json["error"]
    assert (reply.status, error["code"], error["param"]) == (400, "private_file", "file_path")

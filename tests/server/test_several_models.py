"""A server with several models: they are listed, chosen by name and by rule, and none fails with another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fimble.server.store.keys import NewKey

from ..engine.tiny_llama import tiny
from .conftest import Api, Start

BODY = {"prefix": "x = ", "suffix": "\n", "language": "c", "mode": "line", "trim": False}
RUST: dict[str, Any] = BODY | {"language": "rust"}
MODELS = {"small": {"model": "fake"}, "large": {"model": "fake"}}
ENGINE = {
    "models": MODELS,
    "rules": (
        {"model": "large", "languages": ["rust"]},
        {"model": "large", "trigger": "by hand"},
    ),
}
FAKE = {"models": {"large": {"answer": "said by large"}}, "answer": "said by small"}


@pytest.fixture
async def api(start: Start) -> Api:
    return await start(engine=ENGINE | {"model": "small"}, fake=FAKE)


async def answered(api: Api, body: dict[str, Any]) -> tuple[str, str]:
    found = (await api.post("/complete", body | {"details": True})).json
    return found["model"], found["completion"]


async def test_all_are_listed_and_none_is_opened_for_it(api: Api) -> None:
    listed = (await api.get("/v1/models")).json["data"]
    assert [(model["id"], model["loaded"]) for model in listed] == [("small", False), ("large", False)]
    assert (await api.get("/v1/models/large")).json == listed[1]


async def test_a_request_names_its_model(api: Api) -> None:
    assert await answered(api, BODY) == ("small", "said by small")
    assert await answered(api, BODY | {"model": "large"}) == ("large", "said by large")
    asked: dict[str, dict[str, Any]] = {
        "/v1/completions": {"prompt": "said", "max_tokens": 20},
        "/v1/chat/completions": {"messages": [{"role": "user", "content": "who"}]},
        "/v1/complete": {"prompt": "said", "language": "c"},
    }
    for path, body in asked.items():
        for name in ("small", "large"):
            reply = await api.post(path, body | {"model": name})
            assert reply.json["model"] == name
            assert f"by {name}" in reply.text


async def test_rules_choose_where_no_model_is_named(api: Api) -> None:
    assert await answered(api, RUST) == ("large", "said by large")
    assert await answered(api, BODY | {"invoked": True}) == ("large", "said by large")
    assert await answered(api, RUST | {"model": "small"}) == ("small", "said by small")
    stream = (await api.post("/complete", RUST | {"stream": True, "details": True})).events
    assert stream[-2]["model"] == "large"


async def test_usage_and_metrics_are_the_model_s(api: Api) -> None:
    await api.post("/complete", RUST)
    page = (await api.get("/metrics")).text
    assert 'fimble_tokens_total{kind="completion",model="large"}' in page
    assert 'fimble_tokens_total{kind="completion",model="small"}' not in page


async def test_a_key_s_models_bind_rules_too(api: Api) -> None:
    keyed = await api.make_key(NewKey("somebody", models=("small",)))
    assert [model["id"] for model in (await keyed.get("/v1/models")).json["data"]] == ["small"]
    assert await answered(keyed, BODY) == ("small", "said by small")
    assert (await keyed.post("/complete", RUST)).error[2] == "model_not_allowed"
    assert await answered(keyed, RUST | {"model": "small"}) == ("small", "said by small")


async def test_an_unknown_model(api: Api) -> None:
    reply = await api.post("/complete", BODY | {"model": "huge"})
    assert reply.error == (404, "invalid_request_error", "model_not_found", "model")
    assert "small, large" in reply.json["error"]["message"]


async def test_one_that_cannot_be_opened_leaves_the_others(start: Start, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.gguf"
    damaged.write_bytes(tiny()[:-100])
    models = MODELS | {"broken": {"model": str(damaged)}}
    api = await start(engine={"model": "small", "models": models}, fake=FAKE)
    reply = await api.post("/complete", BODY | {"model": "broken"})
    assert reply.error == (503, "overloaded_error", "upstream_unavailable", None)
    assert "cut off" in reply.json["error"]["message"]
    assert await answered(api, BODY) == ("small", "said by small")
    assert (await api.get("/health")).json == {"status": "ok", "model": "small"}


async def test_a_default_model_that_cannot_be_opened_leaves_the_others(start: Start, tmp_path: Path) -> None:
    models = MODELS | {"broken": {"model": str(tmp_path / "absent.gguf")}}
    api = await start(engine={"model": "broken", "models": models}, fake=FAKE)
    assert (await api.post("/complete", BODY)).error[:3] == (503, "overloaded_error", "upstream_unavailable")
    assert (await api.get("/health")).status == 503
    assert await answered(api, BODY | {"model": "large"}) == ("large", "said by large")

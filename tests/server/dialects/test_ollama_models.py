"""What clients of Ollama's look at before they ask: the root, the models, the version. And its own client."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

import ollama
import pytest

from fimble.server.store.keys import Allowance, NewKey

from ..conftest import ANSWER, Api, FailingBackend, Start

HOLE: dict[str, Any] = {"prompt": "x = ", "suffix": "\n"}
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
TWO: dict[str, Any] = {"model": "small", "models": {"small": {"model": "fake"}, "large": {"model": "fake"}}}
SAID = {"models": {"large": {"answer": "said_by_large"}}, "answer": "said_by_small"}


async def test_the_root_is_a_page_for_browsers_and_a_sentence_for_others(start: Start) -> None:
    api = await start(compat="ollama:0")
    await api.make_key(NewKey("somebody"))
    page = await api.get("/", headers=BROWSER)
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    for headers in ({}, {"Accept": "application/json"}):
        said = await api.get("/", headers=headers)
        assert (said.text, said.headers["Content-Type"]) == ("Ollama is running", "text/plain; charset=utf-8")
        assert (said.headers["Vary"], page.headers["Vary"]) == ("Accept", "Accept")
    assert (await api.send("HEAD", "/", headers=BROWSER)).status == 200
    assert (await api.post("/")).status == 405


async def test_who_takes_anything_gets_the_page_unless_it_stands_in_ollamas_place(start: Start) -> None:
    plain, compat = await start(), await start(compat="ollama:0")
    assert "<html" in (await plain.get("/", headers={"Accept": "*/*"})).text
    assert (await plain.get("/", headers={"Accept": ""})).text == "Ollama is running"
    assert (await compat.get("/", headers={"Accept": "*/*"})).text == "Ollama is running"


@pytest.mark.parametrize("path", ["/", "/api/tags", "/api/ps", "/api/version"])
async def test_heads_are_those_of_get(api: Api, path: str) -> None:
    got, head = await api.get(path), await api.send("HEAD", path)
    assert (head.status, head.text) == (200, "")
    for name in ("Content-Type", "Content-Length"):
        assert head.headers[name] == got.headers[name]


async def test_heads_need_the_key_that_get_needs(api: Api) -> None:
    keyed = await api.make_key(NewKey("ann"))
    assert (await api.send("HEAD", "/api/tags")).status == 401
    assert (await keyed.send("HEAD", "/api/tags")).status == 200


async def test_the_version_is_one_that_clients_can_compare(api: Api) -> None:
    version = (await api.get("/api/version")).json["version"]
    assert tuple(map(int, version.split("."))) >= (0, 12, 11)


@pytest.mark.parametrize("body", [{"model": "fake"}, {"name": "fake:latest", "verbose": True}, {"name": "x"}])
async def test_show(api: Api, body: dict[str, Any]) -> None:
    found = (await api.post("/api/show", body)).json
    assert ".Suffix" in found["template"]
    assert found["capabilities"] == ["completion", "insert"]
    assert found["parameters"].split() == ["num_ctx", "4096"]
    family = found["model_info"]["general.architecture"]
    assert found["model_info"][f"{family}.context_length"] == 4096
    assert found["details"] == {
        "parent_model": "", "format": "gguf", "family": family, "families": [family], "parameter_size": "",
        "quantization_level": "",
    }  # fmt: skip
    assert datetime.fromisoformat(found["modified_at"])
    assert found["modelfile"].startswith("FROM fake\n")


async def test_show_tells_what_a_model_is_trained_for(start: Start) -> None:
    class Talker(FailingBackend):
        async def info(self) -> Any:
            from fimble.engine.types import ModelInfo

            return ModelInfo(
                "talker", "test", 99, supports_fim=False, supports_chat=True, supports_tools=True
            )

    found = (await (await start(backend=Talker(RuntimeError()))).post("/api/show", {"model": "any"})).json
    assert found["capabilities"] == ["completion", "tools"]
    assert ".Suffix" not in found["template"]
    assert ".Tools" in found["template"]


@pytest.mark.parametrize("body", [{}, {"model": ""}, {"model": 1}, {"model": "x" * 257}], ids=lambda each: "")
async def test_show_needs_a_name(api: Api, body: dict[str, Any]) -> None:
    reply = await api.post("/api/show", body)
    assert (reply.status, set(reply.json)) == (400, {"error"})
    assert "model" in reply.json["error"]


async def test_tags_and_ps(start: Start) -> None:
    api = await start(engine=TWO, fake=SAID)
    tags = (await api.get("/api/tags")).json["models"]
    assert (
        [each["name"] for each in tags]
        == [each["model"] for each in tags]
        == ["small:latest", "large:latest"]
    )
    for each in tags:
        assert len(each["digest"]) == 64
        assert datetime.fromisoformat(each["modified_at"])
    assert (await api.get("/api/ps")).json == {"models": []}
    await api.post("/api/generate", HOLE | {"model": "large", "stream": False})
    api.services.models._asked_at = -100.0  # what is known of models is a few seconds old at most
    [running] = (await api.get("/api/ps")).json["models"]
    assert (running["name"], running["context_length"]) == ("large:latest", 4096)
    assert datetime.fromisoformat(running["expires_at"])


@pytest.mark.parametrize(
    ("name", "answers"),
    [
        ("small", "small"), ("large", "large"), ("large:latest", "large"), ("large:1b", "large"),
        ("qwen2.5-coder:1.5b", "small"), ("", "small"), (None, "small"), (":latest", "small"),
    ],
)  # fmt: skip
async def test_names_with_and_without_tags(start: Start, name: str | None, answers: str) -> None:
    api = await start(engine=TWO, fake=SAID)
    for path, body in (
        ("/api/generate", HOLE),
        ("/api/generate", {"prompt": "x"}),
        ("/api/chat", {"messages": [{"role": "user", "content": "who"}]}),
    ):
        reply = await api.post(path, body | {"model": name, "stream": False})
        assert (reply.status, reply.json["model"]) == (200, answers)
        assert f"said_by_{answers}" in reply.text


async def test_rules_choose_for_a_hole_without_a_known_model(start: Start) -> None:
    rules = {"rules": ({"model": "large", "languages": ["rust"]},)}
    api = await start(engine=TWO | rules, fake=SAID)
    rust = {"prompt": "fn main() {\n    let mut x = ", "suffix": ";\n}\n", "stream": False}
    assert (await api.post("/api/generate", rust | {"model": "other"})).json["model"] == "large"
    assert (await api.post("/api/generate", rust | {"model": "small"})).json["model"] == "small"


async def test_a_key_sees_and_uses_its_models_alone(start: Start) -> None:
    api = await start(engine=TWO, fake=SAID)
    keyed = await api.make_key(NewKey("ann", models=("large",), allowance=Allowance()))
    assert [each["name"] for each in (await keyed.get("/api/tags")).json["models"]] == ["large:latest"]
    for path, body in (("/api/show", {}), ("/api/generate", HOLE), ("/api/generate", {})):
        reply = await keyed.post(path, body | {"model": "small"})
        assert (reply.status, reply.json) == (403, {"error": "This key may not use the model 'small'."})
        assert (await keyed.post(path, body | {"model": "large"})).status == 200


@pytest.mark.parametrize(
    ("method", "path", "word"),
    [
        ("POST", "/api/embed", "embeddings"), ("POST", "/api/embeddings", "embeddings"),
        ("POST", "/api/pull", "fimble models pull"), ("POST", "/api/push", "fimble models"),
        ("POST", "/api/create", "fimble models"), ("POST", "/api/copy", "fimble models"),
        ("DELETE", "/api/delete", "fimble models"), ("POST", "/api/blobs/sha256:00", "fimble models"),
    ],
)  # fmt: skip
async def test_what_is_not_here_says_what_to_do(api: Api, method: str, path: str, word: str) -> None:
    reply = await api.send(method, path, json={"model": "x"})
    assert (reply.status, set(reply.json)) == (501, {"error"})
    assert word in reply.json["error"]


async def test_an_unknown_address_is_refused_in_the_same_shape(api: Api) -> None:
    reply = await api.post("/api/nothing", {})
    assert (reply.status, set(reply.json)) == (404, {"error"})


async def test_ollamas_own_client(start: Start) -> None:
    api = await start(eagerness="off")
    client = ollama.Client(host=api.url)

    def ask(what: Callable[[], Any]) -> Any:
        return asyncio.to_thread(what)

    filled = await ask(lambda: client.generate("any", "x = ", suffix="\n", options={"num_predict": 40}))
    assert (filled.response, filled.done_reason, filled.eval_count) == (ANSWER, "stop", len(ANSWER))
    pieces = await ask(lambda: list(client.generate("any", "x", stream=True, logprobs=True)))
    assert "".join(each.response for each in pieces) == ANSWER
    assert pieces[0].logprobs[0].token == ANSWER[0]
    messages = [{"role": "user", "content": "hello"}]
    assert (await ask(lambda: client.chat("any", messages=messages))).message.content == ANSWER
    streamed = await ask(lambda: list(client.chat("any", messages=messages, stream=True)))
    assert "".join(each.message.content for each in streamed) == ANSWER
    assert streamed[-1].total_duration > 0
    assert [each.model for each in (await ask(client.list)).models] == ["fake:latest"]
    assert [each.context_length for each in (await ask(client.ps)).models] == [4096]
    assert "insert" in (await ask(lambda: client.show("fake"))).capabilities
    with pytest.raises(ollama.ResponseError, match="fimble models pull"):
        await ask(lambda: client.pull("llama3"))
    with pytest.raises(ollama.ResponseError, match="does not support thinking"):
        await ask(lambda: client.chat("any", messages=messages, think=True))
    client._client.close()

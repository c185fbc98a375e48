"""What Tabby's agent asks beside completions: health, events, models, settings, chat."""

from __future__ import annotations

import re
from typing import Any

import pytest

from fimble.server.store.keys import NewKey

from ..conftest import ANSWER, Api, FailingBackend, Start
from ..test_passing_on import Listener

ADDRESSES = ["/v1/health", "/v1beta/models", "/v1beta/server_setting"]
EVENT: dict[str, Any] = {"type": "view", "completion_id": "cmpl-1", "choice_index": 0}


async def test_health(api: Api) -> None:
    found = (await api.get("/v1/health")).json
    assert found["model"] == "fake"
    assert "chat_model" not in found
    assert found["models"] == {
        "completion": {"local": {"model_id": "fake", "device": "cpu", "cuda_devices": []}}
    }
    assert (found["device"], found["cuda_devices"]) == ("cpu", [])
    assert all(found[name] for name in ("arch", "cpu_info", "cpu_count"))
    assert set(found["version"]) == {"build_date", "build_timestamp", "git_sha", "git_describe"}
    version = re.search(r"(\d+)\.(\d+)\.(\d+)", found["version"]["git_describe"])
    assert version is not None
    assert tuple(map(int, version.groups())) >= (0, 9, 0)  # from there on the agent asks for settings


async def test_a_chat_model_is_told(start: Start) -> None:
    found = (await (await start(backend=Listener())).get("/v1/health")).json
    assert (found["model"], found["chat_model"], found["chat_device"]) == ("listener", "listener", "cpu")
    assert found["models"]["chat"] == found["models"]["completion"]


@pytest.mark.parametrize("path", ADDRESSES)
async def test_a_key_is_needed_where_keys_are(api: Api, path: str) -> None:
    keyed = await api.make_key(NewKey("ann"))
    assert (await keyed.get(path)).status == 200
    assert (await api.get(path)).status == 401
    assert (await api.with_key("fim_wrong").get(path)).error[:3] == (
        401, "authentication_error", "invalid_api_key",
    )  # fmt: skip


async def test_health_is_asked_with_get(api: Api) -> None:
    assert (await api.post("/v1/health")).status == 405


async def test_models(start: Start) -> None:
    assert (await (await start()).get("/v1beta/models")).json == {"completion": ["fake"], "chat": []}
    chats = await start(backend=Listener())
    assert (await chats.get("/v1beta/models")).json == {"completion": ["listener"], "chat": ["listener"]}


async def test_models_are_those_of_the_key(start: Start) -> None:
    models = {"small": {"model": "fake"}, "large": {"model": "fake"}}
    api = await start(engine={"models": models, "model": "small"})
    assert (await api.get("/v1beta/models")).json["completion"] == ["small", "large"]
    keyed = await api.make_key(NewKey("ann", models=("large",)))
    assert (await keyed.get("/v1beta/models")).json["completion"] == ["large"]


async def test_settings(api: Api) -> None:
    assert (await api.get("/v1beta/server_setting")).json == {"disable_client_side_telemetry": True}


async def test_chat(api: Api) -> None:
    body = {"messages": [{"role": "user", "content": "add two numbers"}], "stream": True, "model": ""}
    *chunks, done = (await api.post("/v1beta/chat/completions", body)).events
    assert done == "[DONE]"
    assert "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks) == ANSWER


async def test_events_are_counted(api: Api) -> None:
    more = {"view_id": "v", "elapsed": 120, "unknown": 1}
    for path, body in (
        ("/v1/events", EVENT),
        ("/v1/events?select_kind=line", EVENT | more | {"type": "select"}),
        ("/v1/events", EVENT | {"type": "view"}),
        ("/v1/events", EVENT | {"type": "dismiss"}),
    ):
        reply = await api.post(path, body)
        assert (reply.status, reply.text) == (200, "")
    [row] = (await api.get("/v1/usage")).json["data"]
    assert (row["endpoint"], row["model"]) == ("/v1/completions", "fake")
    assert (row["shown"], row["accepted"], row["requests"]) == (2, 1, 0)


async def test_a_dismissed_text_alone_counts_nothing(start: Start) -> None:
    api = await start(backend=FailingBackend(RuntimeError()))
    assert (await api.post("/v1/events", EVENT | {"type": "dismiss"})).status == 200
    assert (await api.get("/v1/usage")).json["data"] == []


@pytest.mark.parametrize(
    ("wrong", "param"),
    [({"type": "hover"}, "type"), ({"choice_index": -1}, "choice_index"), ({"elapsed": "1"}, "elapsed")],
)
async def test_wrong_events_are_refused(api: Api, wrong: dict[str, Any], param: str) -> None:
    reply = await api.post("/v1/events", EVENT | wrong)
    assert reply.error == (400, "invalid_request_error", "invalid_value", param)

"""``GET /v1/models``, ``GET /v1/models/{id}``, ``GET /health``."""

from __future__ import annotations

import asyncio
import os
import signal

from fimble.engine.backends.local import LocalBackend, LocalModel
from fimble.engine.workers.messages import WorkerOptions
from fimble.engine.workers.transports import ProcessTransport
from fimble.engine.workers.worker import Worker
from fimble.server.store.keys import NewKey

from .conftest import Api, Reply, Start

FIELDS = {
    "id", "object", "created", "owned_by", "context_window", "context_length", "supports_vision",
    "supports_fim", "supports_chat", "supports_tools", "supports_reasoning", "backend", "loaded",
    "type", "capabilities",
}  # fmt: skip


async def test_the_list_has_every_field_of_the_contract(api: Api) -> None:
    found = (await api.get("/v1/models")).json
    assert found["object"] == "list"
    [model] = found["data"]
    assert set(model) == FIELDS
    assert model["object"] == "model"
    assert model["context_window"] == model["context_length"] == 4096
    assert model["supports_fim"] is True
    assert model["supports_vision"] is False


async def test_one_model(api: Api) -> None:
    [model] = (await api.get("/v1/models")).json["data"]
    assert (await api.get("/v1/models/fake")).json == model


async def test_a_key_sees_only_its_models(api: Api) -> None:
    keyed = await api.make_key(NewKey("somebody", models=("another",)))
    assert (await keyed.get("/v1/models")).json["data"] == []
    assert (await keyed.get("/v1/models/fake")).error[2] == "model_not_allowed"


async def test_health(api: Api) -> None:
    reply = await api.get("/health")
    assert (reply.status, reply.json) == (200, {"status": "ok", "model": "fake"})


async def test_health_needs_no_key(api: Api) -> None:
    await api.make_key(NewKey("somebody"))
    assert (await api.get("/health")).status == 200


async def test_health_sees_a_worker_that_hangs_while_nobody_asks_it_anything(start: Start) -> None:
    options = WorkerOptions("fake", runtime="fake", fake={"answer": "x"})
    worker = Worker(ProcessTransport, options, idle_seconds=0, ping_seconds=0.8)
    api = await start(backend=LocalBackend(LocalModel("fake", "fake"), lambda: worker))
    async with asyncio.timeout(60):
        while (await api.get("/health")).status != 200:
            pass  # a busy computer takes a while to start a process
        hung = worker.process_id
        assert hung is not None
        os.kill(hung, signal.SIGSTOP)
        replies = list[Reply]()
        while not replies or any(reply.status == 200 for reply in replies):  # it may have spoken just before
            replies = await asyncio.gather(*(api.get("/health") for _ in range(20)))
        assert {reply.error[:3] for reply in replies} == {(503, "overloaded_error", "upstream_unavailable")}
        while (await api.get("/health")).status != 200:
            pass
        assert worker.process_id != hung

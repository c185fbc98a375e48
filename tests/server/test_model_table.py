"""What is known of models: asked anew behind requests, and in front of them only where that is needed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from fimble.engine.errors import UpstreamUnavailable
from fimble.engine.serving import Serving
from fimble.engine.types import Delta, ModelInfo, Request
from fimble.server import model_table

from .conftest import Api, FailingBackend, Start, until

ASK = {"prompt": "x"}
PATH = "/v1/completions"


class Slow(FailingBackend):
    """Tells what it is only while ``open`` is set; answers requests at once."""

    serving = Serving("test", "slow")

    def __init__(self) -> None:
        super().__init__(RuntimeError())
        self.open = asyncio.Event()
        self.open.set()
        self.asked = 0
        self.error: Exception | None = None
        self.window = 1000

    async def info(self) -> ModelInfo:
        self.asked += 1
        await self.open.wait()
        if self.error is not None:
            raise self.error
        return ModelInfo("slow", "test", self.window, supports_fim=True)

    async def generate(self, request: Request) -> AsyncGenerator[Delta]:
        yield Delta("answer", "stop")


@pytest.fixture
def backend() -> Slow:
    return Slow()


@pytest.fixture
async def api(start: Start, backend: Slow, monkeypatch: pytest.MonkeyPatch) -> Api:
    """What is known is old at once."""
    monkeypatch.setattr(model_table, "MODELS_SECONDS", -1.0)
    return await start(backend=backend)


async def test_a_request_for_a_known_model_waits_for_nobody(api: Api, backend: Slow) -> None:
    await api.post(PATH, ASK)
    backend.open.clear()
    for name in (None, "default", "slow"):
        assert (await api.post(PATH, ASK | {"model": name})).status == 200
    assert backend.asked == 2, "it is asked once at a time"
    backend.open.set()


async def test_the_list_and_unknown_names_wait_for_what_is_true_now(api: Api, backend: Slow) -> None:
    await api.get("/v1/models")
    backend.window = 2000
    backend.open.clear()
    listing = asyncio.create_task(api.get("/v1/models"))
    unknown = asyncio.create_task(api.post(PATH, ASK | {"model": "other"}))
    await until(lambda: backend.asked == 2)
    backend.open.set()
    assert (await listing).json["data"][0]["context_window"] == 2000
    assert (await unknown).error[2] == "model_not_found"


async def test_errors_are_told_to_those_who_need_to_know(api: Api, backend: Slow) -> None:
    await api.get("/v1/models")
    backend.error = UpstreamUnavailable("It is away.")
    assert (await api.get("/v1/models")).error[2] == "upstream_unavailable"
    assert (await api.post(PATH, ASK)).status == 200


async def test_a_question_under_way_ends_with_the_server(api: Api, backend: Slow) -> None:
    await api.get("/v1/models")
    backend.open.clear()
    await api.post(PATH, ASK)
    await api.services.models.close()
    assert backend.asked == 2

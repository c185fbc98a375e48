"""Several answers to one request are under way at the same time, and end together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from fimble.engine.errors import UpstreamUnavailable
from fimble.engine.types import Delta, ModelInfo, Request, Usage

from .conftest import Api, FailingBackend, Start, until

HOLE = {"prefix": "x = ", "suffix": "", "language": "python", "document": "a.py"}
BODIES: dict[str, dict[str, Any]] = {
    "/complete": HOLE,
    "/v1/completions": {"prompt": "x"},
    "/v1/chat/completions": {"messages": [{"role": "user", "content": "x"}]},
}
STREAMING = ["/v1/completions", "/v1/chat/completions"]


class Held(FailingBackend):
    """Answers ``text 0``, ``text 1`` … to the variants of a request, each as soon as it is let go."""

    slots = 3

    def __init__(self) -> None:
        super().__init__(RuntimeError())
        self.gates = [asyncio.Event() for _ in range(3)]
        self.running: list[Request] = []
        self.begun = 0
        self.failing: int | None = None

    async def info(self) -> ModelInfo:
        return ModelInfo("held", "test", 4096, supports_fim=True, supports_chat=True)

    async def generate(self, request: Request) -> AsyncGenerator[Delta]:
        self.running.append(request)
        self.begun += 1
        try:
            await self.gates[request.variant].wait()
            if request.variant == self.failing:
                raise UpstreamUnavailable("Gone.")
            yield Delta("text ", usage=Usage(10, 1, 0))
            yield Delta(str(request.variant), "stop", Usage(10, 2, 0))
        finally:
            self.running.remove(request)


@pytest.fixture
def backend() -> Held:
    return Held()


@pytest.fixture
async def api(start: Start, backend: Held) -> Api:
    return await start(backend=backend)


async def asked(api: Api, path: str, backend: Held, **more: Any) -> asyncio.Task[Any]:
    """Ask for three answers, and return when all are under way."""
    task = asyncio.create_task(api.post(path, BODIES[path] | {"n": 3} | more))
    await until(lambda: len(backend.running) == 3)
    return task


def texts(answer: Any) -> list[str]:
    if "completions" in answer:
        return list(answer["completions"])
    return [each.get("text") or each["message"]["content"] for each in answer["choices"]]


@pytest.mark.parametrize("path", BODIES)
async def test_the_order_of_answers_is_not_that_of_their_ends(api: Api, path: str, backend: Held) -> None:
    task = await asked(api, path, backend)
    for left, gate in ((2, backend.gates[2]), (1, backend.gates[1]), (0, backend.gates[0])):
        gate.set()
        await until(lambda left=left: len(backend.running) == left)  # type: ignore[misc]
    answer = (await task).json
    assert texts(answer) == ["text 0", "text 1", "text 2"]
    if "usage" in answer:
        assert (answer["usage"]["prompt_tokens"], answer["usage"]["completion_tokens"]) == (10, 6)


@pytest.mark.parametrize("path", STREAMING)
async def test_streams_go_one_after_the_other(api: Api, path: str, backend: Held) -> None:
    task = await asked(api, path, backend, stream=True, stream_options={"include_usage": True})
    for gate in reversed(backend.gates):
        gate.set()
    *events, last, done = (await task).events
    assert done == "[DONE]"
    indexes = [event["choices"][0]["index"] for event in events]
    assert indexes == sorted(indexes)
    assert set(indexes) == {0, 1, 2}
    assert (last["usage"]["prompt_tokens"], last["usage"]["completion_tokens"]) == (10, 6)


@pytest.mark.parametrize("path", BODIES)
async def test_all_end_when_one_fails(api: Api, path: str, backend: Held) -> None:
    backend.failing = 1
    task = await asked(api, path, backend)
    backend.gates[1].set()
    assert (await task).error[:3] == (503, "overloaded_error", "upstream_unavailable")
    assert not backend.running


@pytest.mark.parametrize("path", STREAMING)
async def test_a_stream_in_which_one_fails_ends_with_its_error(api: Api, path: str, backend: Held) -> None:
    backend.failing = 1
    task = await asked(api, path, backend, stream=True)
    for gate in backend.gates[:2]:
        gate.set()
    *_, last = (await task).events
    assert last["error"]["code"] == "upstream_unavailable"
    await until(lambda: not backend.running)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", STREAMING)
async def test_all_end_when_the_client_leaves(api: Api, path: str, stream: bool, backend: Held) -> None:
    task = await asked(api, path, backend, stream=stream)
    task.cancel()
    await until(lambda: not backend.running and not api.services.metrics.under_way)


async def test_a_newer_request_of_the_document_ends_all(api: Api, backend: Held) -> None:
    task = await asked(api, "/complete", backend)
    older = {request.variant for request in backend.running}
    newer = asyncio.create_task(api.post("/complete", HOLE | {"prefix": "y = "}))
    assert (await task).error[:3] == (503, "overloaded_error", "overloaded")
    backend.gates[0].set()
    assert (await newer).json["completion"] == "text 0"
    assert older == {0, 1, 2}
    assert backend.begun == 4


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_from_memory_ends_what_is_under_way(api: Api, stream: bool, backend: Held) -> None:
    backend.gates[0].set()
    await api.post("/complete", HOLE)
    backend.gates[0].clear()
    older = asyncio.create_task(api.post("/complete", HOLE | {"prefix": "y = ", "stream": stream}))
    await until(lambda: backend.running)
    assert (await api.post("/complete", HOLE | {"stream": stream})).status == 200
    assert (await older).error[:3] == (503, "overloaded_error", "overloaded")


async def test_requests_without_a_document_end_nobody_s(api: Api, backend: Held) -> None:
    body = {key: value for key, value in HOLE.items() if key != "document"}
    tasks = [asyncio.create_task(api.post("/complete", body)) for _ in range(3)]
    await until(lambda: len(backend.running) == 3)
    backend.gates[0].set()
    assert {(await task).status for task in tasks} == {200}

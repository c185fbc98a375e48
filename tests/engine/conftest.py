"""What tests of the engine share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from fimble.engine.workers.in_thread import ThreadTransport
from fimble.engine.workers.messages import WorkerOptions
from fimble.engine.workers.transports import Transport
from fimble.engine.workers.worker import Worker

from .workers import Make


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    """Makes workers with the fake model, and closes them."""
    made: list[Worker] = []

    def worker(
        transport: Callable[[], Transport] = ThreadTransport,
        idle: float = 0,
        model: str = "fake",
        ping_seconds: float = 1.0,
        **fake: object,
    ) -> Worker:
        options = WorkerOptions(
            model, runtime="fake" if model == "fake" else "ctransformers", fake={"answer": "hello", **fake}
        )
        note = lambda state, detail: states.append(state)  # noqa: E731
        made.append(Worker(transport, options, idle, note, ping_seconds))
        return made[-1]

    states: list[str] = []
    worker.states = states  # type: ignore[attr-defined]
    yield worker
    for each in made:
        await each.close()

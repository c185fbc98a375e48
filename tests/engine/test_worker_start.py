"""A worker's process does what it can before it hears which model is wanted, and no more than is needed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from fimble.engine.types import FimRequest
from fimble.engine.workers.messages import WorkerOptions
from fimble.engine.workers.transports import ProcessTransport
from fimble.engine.workers.worker import Worker

from ..e2e.faults.processes import until

LIBRARY = "xllamacpp"


@pytest.fixture
async def waiting() -> AsyncIterator[ProcessTransport]:
    transport = ProcessTransport()
    await transport.prepare()
    yield transport
    await transport.stop()


def has_library(process: int | None) -> bool:
    return LIBRARY in Path(f"/proc/{process}/maps").read_text()


@pytest.mark.skipif(find_spec(LIBRARY) is None, reason="llama.cpp is not installed")
async def test_one_that_waits_opens_the_library_that_most_models_need(waiting: ProcessTransport) -> None:
    await until(lambda: has_library(waiting.process_id))


async def answer(transport: ProcessTransport) -> tuple[str, int | None, bool]:
    """What is answered, by which process, and whether that has the library."""
    options = WorkerOptions("fake", runtime="fake", fake={"answer": "hello"})
    worker = Worker(lambda: transport, options, idle_seconds=0)
    pieces = [d.text async for d in worker.run(FimRequest("x = ", "", mode="line", max_tokens=50))]
    process = worker.process_id
    found = has_library(process)
    await worker.close()
    return "".join(pieces), process, found


async def test_one_that_is_told_at_once_opens_only_what_it_uses() -> None:
    text, _, library = await answer(ProcessTransport())
    assert (text, library) == ("hello", False)


async def test_one_that_has_waited_serves_any_model(waiting: ProcessTransport) -> None:
    process = waiting.process_id
    assert (await answer(waiting))[:2] == ("hello", process)


async def test_one_that_died_while_it_waited_is_replaced(waiting: ProcessTransport) -> None:
    assert waiting._process is not None
    waiting._process.kill()
    await waiting._process.wait()
    dead = waiting.process_id
    text, process, _ = await answer(waiting)
    assert text == "hello"
    assert process != dead

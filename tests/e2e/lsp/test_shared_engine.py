"""Two editors, two language servers, one engine."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator

import pytest

from ..faults.processes import SERVICE, WORKER, running, runtime_folder, send, until
from .conftest import Start

pytestmark = pytest.mark.e2e


@pytest.fixture
def runtime() -> Iterator[str]:
    with runtime_folder() as folder:
        yield str(folder)


async def test_two_language_servers_share_one_engine(start: Start, runtime: str) -> None:
    shared = {"FIMBLE_ENGINE": "shared", "XDG_RUNTIME_DIR": runtime}
    first, second = await start(**shared), await start(**shared)
    for editor in (first, second):
        editor.open("def add(a, b):\n    return ▮\n")
    await asyncio.gather(first.ask(), second.ask())
    assert len(running(SERVICE, runtime)) == 1
    await first.stop()
    await second.ask(invoked=True)
    assert second.shown() == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM])
async def test_the_engine_fails_and_suggestions_go_on(
    start: Start, runtime: str, number: signal.Signals
) -> None:
    editor = await start(fake={}, FIMBLE_ENGINE="shared", XDG_RUNTIME_DIR=runtime)
    editor.open("x = ▮\n")
    assert await editor.texts()
    for process in running(SERVICE, runtime):
        send(process, number)
    editor.type("y = ")
    assert await editor.texts()
    assert editor.shown() == []


async def test_who_has_an_engine_of_its_own_leaves_no_shared_one(start: Start, runtime: str) -> None:
    editor = await start({"engine": "local"}, fake={}, FIMBLE_ENGINE="shared", XDG_RUNTIME_DIR=runtime)
    editor.open("x = ▮\n")
    assert await editor.texts()
    await until(lambda: not running(SERVICE, runtime))
    assert len(running(WORKER, runtime)) == 1

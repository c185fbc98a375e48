"""Two editors, two language servers, one engine."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Start

pytestmark = pytest.mark.e2e


@pytest.fixture
def runtime() -> Iterator[str]:
    folder = tempfile.mkdtemp(prefix="fimble")  # pytest's own have names too long for a socket
    yield folder
    for process in services(folder):
        os.kill(process, signal.SIGKILL)
    shutil.rmtree(folder)


def services(folder: str) -> list[int]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command, environment = (process / "cmdline").read_bytes(), (process / "environ").read_bytes()
        except OSError:
            continue
        if b"shared.service" in command and folder.encode() in environment:
            found.append(int(process.name))
    return found


async def test_two_language_servers_share_one_engine(start: Start, runtime: str) -> None:
    shared = {"FIMBLE_ENGINE": "shared", "XDG_RUNTIME_DIR": runtime}
    first, second = await start(**shared), await start(**shared)
    for editor in (first, second):
        editor.open("def add(a, b):\n    return ▮\n")
    await asyncio.gather(first.ask(), second.ask())
    assert len(services(runtime)) == 1
    await first.stop()
    await second.ask(invoked=True)
    assert second.shown() == []


async def test_the_engine_dies_and_suggestions_go_on(start: Start, runtime: str) -> None:
    editor = await start(fake={}, FIMBLE_ENGINE="shared", XDG_RUNTIME_DIR=runtime)
    editor.open("x = ▮\n")
    assert await editor.texts()
    for process in services(runtime):
        os.kill(process, signal.SIGKILL)
    editor.type("y = ")
    assert await editor.texts()
    assert editor.shown() == []

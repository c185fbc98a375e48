"""Crowds at a language server's port and at the shared engine: whoever was there before is served."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path

import pytest

from fimble.engine.engine import Engine
from fimble.engine.limits import CLIENTS
from fimble.engine.settings import Settings
from fimble.engine.types import FimRequest
from tests.e2e.server.conftest import FIMBLE, environment_below
from tests.lsp.test_streams import Connection

from .peers import descriptors
from .processes import SERVICE, descriptors_of_children, running, runtime_folder, until

pytestmark = pytest.mark.e2e
FEW = 256
CROWD = FEW + 50


@contextmanager
def crowd(family: socket.AddressFamily, address: tuple[str, int] | str) -> Iterator[None]:
    """Many who connect and say nothing, some of whom are hung up on."""
    with ExitStack() as open_sockets:
        for _ in range(CROWD):
            client = open_sockets.enter_context(socket.socket(family))
            with suppress(ConnectionError):
                client.connect(address)
        yield


@asynccontextmanager
async def listening(home: Path) -> AsyncIterator[tuple[int, int]]:
    """Process id and port of ``fimble lsp --tcp``."""
    with descriptors_of_children(FEW):
        process = await asyncio.create_subprocess_exec(
            *FIMBLE, "lsp", "--tcp", "0", env=environment_below(home), stderr=asyncio.subprocess.PIPE
        )
    assert process.stderr is not None
    found = re.search(rb":(\d+)", await process.stderr.readline())
    assert found is not None
    drained = asyncio.create_task(process.stderr.read())
    yield process.pid, int(found[1])
    process.terminate()
    await process.wait()
    assert b"Traceback" not in await drained


async def test_at_the_port_of_a_language_server(tmp_path: Path) -> None:
    async with listening(tmp_path) as (process, port):
        editor = await Connection.open(port)
        assert "result" in await editor.request("initialize", {"capabilities": {}})
        before = descriptors(process)
        with crowd(socket.AF_INET, ("127.0.0.1", port)):
            assert "error" in await editor.request("textDocument/nonsense", {})
            assert descriptors(process) < FEW
        await until(lambda: descriptors(process) <= before)
        newcomer = await served_newcomer(port)
        for each in (editor, newcomer):
            await each.close()


async def served_newcomer(port: int) -> Connection:
    """A connection that is answered; the last ones of a crowd may still be accepted and take its place."""
    async with asyncio.timeout(20):
        while True:
            newcomer = await Connection.open(port)
            try:
                assert "result" in await newcomer.request("initialize", {"capabilities": {}})
            except (ConnectionError, asyncio.IncompleteReadError):
                newcomer.writer.close()
                continue
            return newcomer


async def text(engine: Engine) -> str:
    request = FimRequest("x = ", "", mode="line", max_tokens=20, trim=False)
    return (await engine.complete(request)).text


async def test_at_the_shared_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    assert CLIENTS < FEW < CROWD
    with runtime_folder() as mark:
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(mark))
        monkeypatch.setenv("FIMBLE_FAKE", json.dumps({"answer": "hello"}))
        first, second = (Engine(Settings(engine="shared", model="fake")) for _ in range(2))
        with descriptors_of_children(FEW):
            assert await text(first) == "hello"
        [service] = running(SERVICE, mark)
        before = descriptors(service)
        [address] = mark.glob("fimble/*.sock")
        with crowd(socket.AF_UNIX, str(address)):
            assert await text(first) == "hello"
            assert descriptors(service) < FEW
        await until(lambda: descriptors(service) <= before)
        assert await text(second) == "hello"
        assert running(SERVICE, mark) == [service]
        assert not second.serving.why
        await asyncio.gather(first.close(), second.close())

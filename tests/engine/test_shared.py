"""One engine for all editors: real service processes, with the fake model."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from fimble.engine.errors import WorkerCrashed
from fimble.engine.shared import address as addresses
from fimble.engine.shared.address import HELLO, Address, ServiceOptions
from fimble.engine.shared.transport import SharedTransport
from fimble.engine.types import FimRequest
from fimble.engine.workers.messages import WorkerOptions
from fimble.engine.workers.worker import Worker

from ..e2e.faults.processes import SERVICE, WORKER, running, runtime_folder, until


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with runtime_folder() as path:
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(path))
        yield path / "fimble"


def services(folder: Path) -> list[int]:
    return running(SERVICE, folder)


def options(**fake: object) -> ServiceOptions:
    return ServiceOptions(
        WorkerOptions("fake", runtime="fake", fake={"answer": "hello", **fake}), alone_seconds=1.0
    )


@asynccontextmanager
async def editor(of: ServiceOptions) -> AsyncIterator[Worker]:
    worker = Worker(lambda: SharedTransport(of), of.worker, idle_seconds=0)
    try:
        yield worker
    finally:
        await worker.close()


async def text(worker: Worker, document: str | None = None) -> str:
    request = FimRequest("x = ", "", mode="line", max_tokens=50, document=document)
    return "".join([delta.text async for delta in worker.run(request)])


async def test_two_editors_share_one_service(folder: Path) -> None:
    async with editor(options()) as first, editor(options()) as second:
        assert list(await asyncio.gather(text(first), text(second))) == ["hello", "hello"]
        await until(lambda: len(services(folder.parent)) == 1)


async def test_editors_that_start_at_once_start_one_service(folder: Path) -> None:
    async with AsyncExitStack() as stack:
        editors = [await stack.enter_async_context(editor(options())) for _ in range(5)]
        assert set(await asyncio.gather(*map(text, editors))) == {"hello"}
        await until(lambda: len(services(folder.parent)) == 1)


async def test_what_a_dead_service_left_does_no_harm(folder: Path) -> None:
    address = Address(options())
    address.prepare()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(address.path))
    address.lock.touch()
    async with editor(options()) as one:
        assert await text(one) == "hello"


async def test_only_the_owner_can_come_in(folder: Path) -> None:
    async with editor(options()) as one:
        await one.open()
        (socket,) = folder.glob("*.sock")
        assert stat.S_IMODE(socket.stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


async def test_it_ends_when_it_is_alone(folder: Path) -> None:
    async with editor(options()) as one:
        await one.open()
    await until(lambda: not services(folder.parent))
    assert not list(folder.glob("*.sock"))


async def test_it_stays_while_somebody_is_there(folder: Path) -> None:
    async with editor(options()) as one:
        async with editor(options()) as other:
            await asyncio.gather(one.open(), other.open())
        assert await text(one) == "hello"


async def test_documents_of_different_editors_do_not_replace_each_other() -> None:
    of = options(token_ms=3)
    async with editor(of) as first, editor(of) as second:
        assert list(await asyncio.gather(text(first, "a"), text(second, "a"))) == ["hello", "hello"]


async def test_another_model_meets_elsewhere() -> None:
    async with editor(options()) as first, editor(options(answer="other")) as second:
        assert [await text(first), await text(second)] == ["hello", "other"]


async def test_a_service_that_dies_is_started_again(folder: Path) -> None:
    async with editor(options(token_ms=20)) as one:
        deltas = one.run(FimRequest("x = ", "", mode="line", max_tokens=50))
        await anext(deltas)
        for process in services(folder.parent):
            os.kill(process, signal.SIGKILL)
        with pytest.raises(WorkerCrashed, match="gone"):
            async for _ in deltas:
                pass
        assert await text(one) == "hello"


async def test_an_editor_that_leaves_stops_what_it_wanted() -> None:
    of = options(endless=True, token_ms=1)
    async with editor(of) as one:
        asked = asyncio.create_task(anext(one.run(FimRequest("x", "", max_tokens=3000))))
        await asked
    async with editor(of) as other:  # would wait three seconds for its turn otherwise
        deltas = [d async for d in other.run(FimRequest("x", "", max_tokens=2))]
        assert deltas[-1].finish_reason == "length"


class TestLoopback:
    """Where there are no private sockets: a port and a token."""

    async def serve(self, address: Address, joined: list[bytes]) -> asyncio.Server:
        async def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(HELLO)
            joined.append(await reader.readexactly(2))

        address.prepare()
        return await address.listen(welcome)

    async def test_the_token_lets_in(self, tmp_path: Path) -> None:
        address, joined = Address(options(), tmp_path / "m", loopback=True), list[bytes]()
        async with await self.serve(address, joined):
            assert stat.S_IMODE(address.path.stat().st_mode) == 0o600
            _, writer = await address.connect()
            writer.write(b"hi")
            await until(lambda: joined == [b"hi"])
            writer.close()

    async def test_without_it_nobody_comes_in(self, tmp_path: Path) -> None:
        address, joined = Address(options(), tmp_path / "m", loopback=True), list[bytes]()
        async with await self.serve(address, joined):
            port = int(address.path.read_text().split()[0])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"0" * 64 + b"\nhi")
            assert await reader.read() == b""
            assert joined == []
            writer.close()


def test_options_travel_as_json() -> None:
    of = ServiceOptions(WorkerOptions("é.gguf", threads=3, fake={"answer": "x"}), workers=2)
    assert ServiceOptions.from_json(of.to_json()) == of


def test_places_differ_by_options() -> None:
    places = {Address(o).path for o in (options(), options(answer="x"), options())}
    assert len(places) == 2


def test_another_version_uses_another_address(monkeypatch: pytest.MonkeyPatch) -> None:
    before = Address(options()).path
    monkeypatch.setattr(addresses, "VERSION", "0.0.1")
    assert Address(options()).path != before


async def test_a_model_that_makes_way_is_closed_for_all_who_share_it(folder: Path) -> None:
    async with editor(options()) as first, editor(options()) as second:
        assert (await text(first), await text(second)) == ("hello", "hello")
        assert len(running(WORKER, folder.parent)) == 1
        await first.unload()
        await until(lambda: not running(WORKER, folder.parent))
        assert await text(second) == "hello"
        assert len(services(folder.parent)) == 1


async def test_a_model_that_somebody_waits_for_stays(folder: Path) -> None:
    of = options(endless=True, token_ms=5)
    async with editor(of) as first, editor(of) as second:
        await first.open()
        answer = second.run(FimRequest("x = ", "", mode="line", max_tokens=100_000))
        await anext(answer)
        (worker,) = running(WORKER, folder.parent)
        await first.unload()
        await first.open()
        for _ in range(5):
            await anext(answer)
        assert running(WORKER, folder.parent) == [worker]
        await answer.aclose()

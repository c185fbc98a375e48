"""The shared engine lets nobody else in, waits for nobody for ever, and reads nothing but messages."""

from __future__ import annotations

import asyncio
import os
import random
import socket
import stat
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from fimble.engine.errors import FrameError, InvalidRequest
from fimble.engine.limits import FRAME_BYTES, UNREAD_BYTES
from fimble.engine.shared import address as addresses
from fimble.engine.shared import service as services
from fimble.engine.shared import watch as watches
from fimble.engine.shared.address import HELLO, Address, ServiceOptions
from fimble.engine.shared.folder import make_private
from fimble.engine.shared.join import join
from fimble.engine.shared.peer import check_peer
from fimble.engine.shared.service import Service
from fimble.engine.shared.watch import Watch
from fimble.engine.types import Delta, FimRequest
from fimble.engine.workers import streams
from fimble.engine.workers.codec import REPLIES
from fimble.engine.workers.frames import pack
from fimble.engine.workers.messages import (
    Cancel,
    Ended,
    Open,
    Opened,
    Piece,
    Ping,
    Pong,
    Run,
    WorkerOptions,
)
from fimble.engine.workers.streams import FrameWriter, receive

from ..e2e.faults.processes import SERVICE, memory_bytes, running, runtime_folder, until

NOBODY = 65534
needs_root = pytest.mark.skipif(os.getuid() != 0, reason="needs root to act as another user")


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with runtime_folder() as path:
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(path))
        yield path


def options(**fake: object) -> ServiceOptions:
    return ServiceOptions(
        WorkerOptions("fake", runtime="fake", fake={"answer": "hello", **fake}), alone_seconds=1.0
    )


class TestFolder:
    def test_it_is_made_for_its_owner_alone(self, tmp_path: Path) -> None:
        make_private(tmp_path / "a" / "b")
        assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700

    def test_an_own_one_that_is_open_to_others_is_closed(self, tmp_path: Path) -> None:
        (tmp_path / "f").mkdir()
        (tmp_path / "f").chmod(0o777)
        make_private(tmp_path / "f")
        assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o700

    def test_a_link_is_refused_and_what_it_leads_to_stays_as_it_is(self, tmp_path: Path) -> None:
        (tmp_path / "victim").mkdir()
        (tmp_path / "victim").chmod(0o755)
        (tmp_path / "f").symlink_to(tmp_path / "victim")
        with pytest.raises(OSError, match="a link"):
            make_private(tmp_path / "f")
        assert stat.S_IMODE((tmp_path / "victim").stat().st_mode) == 0o755

    def test_a_file_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "f").touch()
        with pytest.raises(OSError, match="no folder"):
            make_private(tmp_path / "f")

    @needs_root
    def test_another_users_is_refused_and_stays_as_it_is(self, tmp_path: Path) -> None:
        (tmp_path / "f").mkdir(mode=0o755)
        os.chown(tmp_path / "f", NOBODY, NOBODY)
        with pytest.raises(OSError, match="another user"):
            make_private(tmp_path / "f")
        assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o755

    def test_one_that_cannot_be_made_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(OSError, match="cannot be made"):
            make_private(tmp_path / "file" / "f")


class TestAddressesThatCannotBeUsed:
    async def test_a_service_that_cannot_listen_says_why(self, folder: Path) -> None:
        address = Address(options())
        address.prepare()
        address.path.mkdir()
        with pytest.raises(OSError, match=r"The shared engine cannot start: .* directory"):
            await join(address)

    async def test_a_name_that_is_too_long_for_a_socket_is_told(self, folder: Path) -> None:
        address = Address(options(), folder / ("x" * 100))
        with pytest.raises(OSError, match="too long a name"):
            await join(address)
        assert not address.folder.exists()

    async def test_a_folder_that_cannot_be_searched_is_told(self, folder: Path) -> None:
        address = Address(options())
        address.prepare()
        address.path.symlink_to(address.path)
        with pytest.raises(OSError, match="cannot be reached"):
            await join(address)


class TestPeers:
    def test_a_process_of_the_same_user_is_let_in(self) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            check_peer(ours)

    @needs_root
    async def test_another_user_is_not_served(self, folder: Path) -> None:
        served: list[str] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            served.append("somebody")

        address = Address(options(), folder / "open")
        address.prepare()
        server = await address.listen(serve)
        for path, mode in ((folder, 0o755), (address.folder, 0o755), (address.path, 0o666)):
            path.chmod(mode)
        assert await asyncio.to_thread(as_nobody, CONNECT, address.path) == b"hung up"
        assert served == []
        server.close()

    @needs_root
    async def test_another_users_service_is_not_listened_to(self, folder: Path) -> None:
        """It says hello and then something else, as whoever wants to be taken for the service would."""
        folder.chmod(0o777)
        address = Address(options(), folder)
        command = [sys.executable, "-c", BECOME + LISTEN, str(address.path)]
        impostor = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
        assert impostor.stdout is not None
        assert await impostor.stdout.readline() == b"listens\n"
        with pytest.raises(PermissionError, match="another user"):
            await address.connect()
        impostor.kill()
        await impostor.communicate()


BECOME = f"""
import os, socket, sys
os.setgid({NOBODY})
os.setuid({NOBODY})
"""
"""After the imports, which that user may not be allowed to read."""
CONNECT = """
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
try:
    said = s.recv(100)
except ConnectionError:
    said = b""
print("let in" if said else "hung up", end="")
"""
LISTEN = r"""
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o777)
s.listen()
print("listens", flush=True)
c, _ = s.accept()
c.sendall(b"fimble\n" + b"\xff" * 1000)
c.recv(1)
"""


def as_nobody(program: str, path: Path) -> bytes:
    command = [sys.executable, "-c", BECOME + program, str(path)]
    return subprocess.run(command, stdout=subprocess.PIPE, timeout=60).stdout


@asynccontextmanager
async def answering(
    address: Address, serve: Callable[[asyncio.StreamWriter], Awaitable[None]]
) -> AsyncIterator[None]:
    """Something at the address that is no proper service."""

    async def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await serve(writer)
        await reader.read()

    address.prepare()
    server = await address.listen(welcome)
    yield
    server.close()


class TestDeadlines:
    async def test_a_service_without_a_hello_is_left_in_time(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(addresses, "HELLO_SECONDS", 0.05)

        async def silent(writer: asyncio.StreamWriter) -> None:
            return

        async with answering(address := Address(options()), silent):
            with pytest.raises(OSError, match="does not answer"):
                await join(address)

    async def test_something_else_is_no_service(self, folder: Path) -> None:
        async def rude(writer: asyncio.StreamWriter) -> None:
            writer.write(b"x" * len(HELLO))

        async with answering(address := Address(options()), rude):
            with pytest.raises(ConnectionError):
                await address.connect()

    async def test_silence_is_noticed_only_while_an_answer_is_due(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(watches, "SILENT_SECONDS", 0.0)
        asked: list[str] = []
        watch = Watch(lambda: asked.append("?"), lambda: asked.append("gone"))
        watching = asyncio.create_task(watch.run())
        await asyncio.sleep(0)
        assert asked == []
        for due, done in ((Run(1, FimRequest("", "")), Ended(1)), (Run(2, FimRequest("", "")), None)):
            watch.sent(due)
            watch.received(done) if done is not None else watch.sent(Cancel(2))
        watch.sent(Open(WorkerOptions("fake", runtime="fake")))
        await watching
        assert asked == ["?", "?", "gone"]
        assert watch.gave_up

    async def test_a_sign_of_life_is_enough(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(watches, "SILENT_SECONDS", 0.0)
        asked: list[str] = []

        def answer() -> None:
            asked.append("?")
            if len(asked) < 50:
                watch.received(Pong())

        watch = Watch(answer, lambda: None)
        watch.sent(Open(WorkerOptions("fake", runtime="fake")))
        await watch.run()
        assert len(asked) == 51


@asynccontextmanager
async def unread() -> AsyncIterator[asyncio.StreamWriter]:
    """A writer whose other end reads nothing."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    _, writer = await asyncio.open_unix_connection(sock=ours)
    with theirs:
        yield writer
        writer.transport.abort()


class TestReadersWhoDoNotRead:
    async def test_what_waits_for_one_is_bounded(self) -> None:
        async with unread() as writer:
            gone: list[bool] = []
            sender, piece = FrameWriter(writer, lambda: gone.append(True)), Piece(1, Delta("x" * 1_000_000))
            for _ in range(3 * UNREAD_BYTES // 1_000_000):
                sender.send(piece)
            assert gone
            assert writer.transport.get_write_buffer_size() <= UNREAD_BYTES + 2_000_000
            sender.close()
            await until(lambda: not writer.transport.get_write_buffer_size())

    async def test_one_is_given_up_in_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(streams, "UNREAD_SECONDS", 0.0)
        async with unread() as writer:
            gone = asyncio.Event()
            FrameWriter(writer, gone.set).send(Piece(1, Delta("x" * 5_000_000)))
            await asyncio.wait_for(gone.wait(), 20)

    async def test_a_message_that_is_too_long_costs_only_itself(self) -> None:
        async with unread() as writer:
            sender = FrameWriter(writer, writer.transport.abort)
            with pytest.raises(InvalidRequest):
                sender.send(Piece(1, Delta("x" * (FRAME_BYTES + 1))))
            assert not writer.is_closing()
            sender.close()


class TestHostileBytes:
    """A real service, to whose socket an own process writes what it likes."""

    async def test_the_service_outlives_whatever_it_is_sent(self, folder: Path) -> None:
        address = Address(options())
        _, first = await join(address)
        (service,) = running(SERVICE, folder)
        await served(address)
        before, chance = memory_bytes(service), random.Random(3)
        good = pack(Open(address.options.worker)) + pack(Run(1, FimRequest("x = ", ""))) + pack(Cancel(1))
        for each in hostile(chance, good):
            await say(address, each)
        await served(address)
        assert running(SERVICE, folder) == [service]
        assert memory_bytes(service) < before + 30_000_000
        first.close()


def hostile(chance: random.Random, good: bytes) -> Iterator[bytes]:
    yield b"\xff" * 100_000
    yield struct.pack("<I", FRAME_BYTES) + b"\x91" * FRAME_BYTES
    yield pack(Run(1, FimRequest("x", ""))) * 3
    yield from (pack(Run(id, FimRequest("x", ""))) for id in (-1, 0, 2**70))
    for _ in range(300):
        changed = bytearray(good)
        for _ in range(chance.randint(1, 3)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        yield bytes(changed)
        yield chance.randbytes(chance.randint(1, 200))


async def say(address: Address, what: bytes) -> None:
    """Join, say it, and leave when the service hangs up or has nothing to say to that."""
    reader, writer = await address.connect()
    with suppress(ConnectionError):
        writer.write(what)
        writer.write_eof()
        async with asyncio.timeout(20):
            while await reader.read(65536):
                pass
    writer.close()


async def served(address: Address) -> None:
    """A proper editor is answered."""
    reader, writer = await address.connect()
    writer.write(pack(Ping()) + pack(Open(address.options.worker)) + pack(Run(1, FimRequest("x = ", ""))))
    kinds, said = set(), ""
    async with asyncio.timeout(20):
        while not isinstance(reply := await receive(reader, REPLIES), Ended):
            kinds.add(type(reply))
            said += reply.delta.text if isinstance(reply, Piece) else ""
    assert reply.error is None
    assert kinds == {Pong, Opened, Piece}
    assert said == "hello"
    writer.close()


async def test_a_service_that_sends_nonsense_is_one_error(folder: Path) -> None:
    reader = asyncio.StreamReader()
    reader.feed_data(pack(Ping()))
    with pytest.raises(FrameError):
        await receive(reader, REPLIES)


async def test_a_full_service_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "CLIENTS", 1)
    service, address = Service(options()), Address(options())
    address.prepare()
    server = await address.listen(service.welcome)
    first, writer = await address.connect()
    with pytest.raises(OSError, match="as many editors as it takes"):
        await join(address)
    server.close()
    await service.close()
    assert await first.read() == b""
    writer.close()

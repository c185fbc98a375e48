"""Connections: who gives way when there is no room, and readers, writers and askers that never finish."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from fimble.server import body, protocol
from fimble.server.connections import Connection, Connections
from fimble.server.listener import Listener
from fimble.server.store.keys import NewKey

from .conftest import Api, Start, until

HOLE = {"prefix": "", "suffix": "", "language": "python"}


def peers(count: int, address: str = "a") -> tuple[list[Connection], list[Connection]]:
    """Connections, the first has waited longest, and those of them that were dropped."""
    dropped: list[Connection] = []

    def peer(number: int) -> Connection:
        made = Connection(address, lambda: dropped.append(made), waiting_since=float(number))
        return made

    return [peer(number) for number in range(count)], dropped


def test_who_waits_longest_gives_way_and_who_is_worked_for_does_not() -> None:
    room = Connections(10)
    all_peers, dropped = peers(4)
    all_peers[0].works()
    for each in all_peers:
        assert room.add(each)
    assert room.make_room()
    assert room.make_room()
    assert dropped == all_peers[1:3]
    for each in all_peers:
        each.works()
    assert not room.make_room()
    assert len(room) == 2


def test_strangers_give_way_before_others() -> None:
    room = Connections(10)
    all_peers, dropped = peers(3)
    for each in all_peers:
        room.add(each)
        each.stranger = each is all_peers[2]
    room.make_room()
    assert dropped == [all_peers[2]]


def test_an_address_without_a_key_has_half_of_the_room() -> None:
    room = Connections(8)
    others, dropped_others = peers(2, "b")
    strangers, dropped = peers(20)
    for each in (*others, *strangers):
        assert room.add(each)
    assert (len(room), dropped, dropped_others) == (6, strangers[:16], [])


def test_an_address_whose_strangers_are_all_worked_for_gets_no_further_connection() -> None:
    room = Connections(4)
    strangers, _ = peers(3)
    for each in strangers:
        each.works()
    assert [room.add(each) for each in strangers] == [True, True, False]


def test_those_with_a_key_have_all_the_room() -> None:
    room = Connections(8)
    known, dropped = peers(8)
    for each in known:
        each.stranger = False
        assert room.add(each)
    assert dropped == []


async def test_a_newcomer_waits_until_there_is_room() -> None:
    room = Connections(1)
    [peer], _ = peers(1)
    peer.works()
    room.add(peer)
    waiting = asyncio.create_task(room.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    room.remove(peer)
    await waiting


def connect(api: Api, **options: int) -> socket.socket:
    host, port = api.url.removeprefix("http://").split(":")
    client = socket.socket()
    for name, value in options.items():
        client.setsockopt(socket.SOL_SOCKET, getattr(socket, name), value)
    client.connect((host, int(port)))
    client.setblocking(False)
    return client


@asynccontextmanager
async def crowd(
    api: Api, count: int, sent: bytes = b"", **options: int
) -> AsyncIterator[list[socket.socket]]:
    """Peers that send something and then keep the server waiting."""
    made: list[socket.socket] = []
    try:
        for _ in range(count):
            made.append(connect(api, **options))
            made[-1].send(sent)
            await asyncio.sleep(0)  # or the system's backlog is full before the first is accepted
        yield made
    finally:
        for each in made:
            each.close()


HALF_A_BODY = b"POST /complete HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET / HT", b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n", HALF_A_BODY],
    ids=["silent", "half a head", "keep-alive", "half a body"],
)
async def test_a_crowd_that_keeps_the_server_waiting_locks_nobody_out(api: Api, sent: bytes) -> None:
    api.connections.most = 8
    async with crowd(api, 30, sent):
        await until(lambda: len(api.connections) == 4)  # half of the room
        assert (await api.post("/complete", HOLE)).status == 200
        assert len(api.connections) <= 5


async def test_requests_that_are_worked_on_are_not_dropped(start: Start) -> None:
    api = await start(fake={"endless": True, "token_ms": 1})
    api.connections.most = 4
    slow = asyncio.create_task(api.post("/complete", HOLE | {"max_tokens": 4000, "mode": "block"}))
    await until(lambda: api.services.metrics.under_way == 1)
    async with crowd(api, 30):
        assert (await api.get("/health")).status == 200
    slow.cancel()
    await asyncio.gather(slow, return_exceptions=True)


async def test_a_key_makes_a_connection_known(api: Api) -> None:
    keyed = await api.make_key(NewKey("ann"))
    assert (await api.post("/complete", HOLE)).status == 401
    assert [each.stranger for each in api.connections._open] == [True]
    assert (await keyed.post("/complete", HOLE)).status == 200
    assert [each.stranger for each in api.connections._open] == [False]


PAGE = b"GET /page.js HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize("head", [PAGE, PAGE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")])
async def test_a_page_that_is_not_read_is_given_up(
    api: Api, monkeypatch: pytest.MonkeyPatch, head: bytes
) -> None:
    monkeypatch.setattr(protocol, "WRITE_SECONDS", 0.1)
    async with crowd(api, 3, head, SO_RCVBUF=4096):
        await until(lambda: len(api.connections) == 3)
        await until(lambda: len(api.connections) == 0)


async def test_a_slow_reader_is_served(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "WRITE_SECONDS", 0.1)
    monkeypatch.setattr(protocol, "WRITE_BYTES", 1)
    whole = len((await api.get("/page.js", headers={"Accept-Encoding": "identity"})).text.encode())
    async with crowd(
        api, 1, PAGE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), SO_RCVBUF=4096
    ) as made:
        read = 0
        while data := await asyncio.get_running_loop().sock_recv(made[0], 8192):
            read += len(data)
    assert read > whole


async def test_answers_to_a_peer_that_asks_and_never_reads_do_not_pile_up(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []
    remember(monkeypatch, made)
    async with crowd(api, 1, PAGE * 50, SO_RCVBUF=4096):
        await until(lambda: made and made[0]._paused and made[0]._messages)
        waiting = made[0]._line.get_write_buffer_size()
        assert (await api.get("/health")).status == 200
        assert made[0]._line.get_write_buffer_size() == waiting < 1_000_000


def remember(monkeypatch: pytest.MonkeyPatch, made: list[Any]) -> None:
    """Protocols of new connections, as they are made."""
    original = protocol.JsonProtocol.connection_made

    def connection_made(self: Any, transport: asyncio.BaseTransport) -> None:
        made.append(self)
        original(self, transport)

    monkeypatch.setattr(protocol.JsonProtocol, "connection_made", connection_made)


async def test_a_body_that_does_not_come_in_time_is_408(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "BODY_SECONDS", 0.1)
    host, port = api.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(HALF_A_BODY)
    assert (await reader.readline()).startswith(b"HTTP/1.1 408 ")
    writer.close()


async def test_connections_that_end_leave_nothing_behind(api: Api) -> None:
    async with crowd(api, 20, b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"):
        await until(lambda: len(api.connections) == 20)
    await until(lambda: len(api.connections) == 0)


async def test_accepting_goes_on_after_the_system_had_no_descriptor(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    accept: Callable[..., Any] = Listener._accept
    failures = [OSError(errno.EMFILE, "Too many open files")] * 3

    async def fail_first(self: Listener, listening: socket.socket) -> None:
        if failures:
            raise failures.pop()
        await accept(self, listening)

    async with crowd(api, 1):
        await until(lambda: len(api.connections) == 1)
        monkeypatch.setattr(Listener, "_accept", fail_first)
        await api.get("/health")  # the accept that is under way gets this one
        async with crowd(api, 3):
            assert (await api.get("/health")).status == 200
            await until(lambda: not failures)
    assert caplog.text.count("connections cannot be accepted now: Too many open files") == 1

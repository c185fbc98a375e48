"""Two replicas behind a front: what a person notices while one of them is killed, again and again; how often
a document's keys find the replica that knows it; how soon the local model answers when a server dies."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from fimble.engine.engine import Engine
from fimble.engine.settings import Settings
from fimble.engine.types import ChatRequest, FimRequest, Message
from fimble.engine.upstream_settings import UpstreamSettings
from fimble.engine.upstreams.choice import in_order
from fimble.engine.upstreams.opening import open_member

from .effort import effort
from .people import Clock, typed
from .places import places
from .replay import KEY_SECONDS, Passage
from .servers import Served, fimble, started
from .sheet import Sheet
from .tables import note, percentile, show

PEOPLE, SECONDS, KILLS = 16, 60.0, 10
SETTLED = 5.0
"""So many seconds after a death all should be as before."""
CHOICES = 2_000
HOLE = FimRequest("x" * 8000, "", document="file:///a.py")
DEATHS = 5
"""How often a server dies under one person."""


@dataclass
class Replica:
    """A server that can be killed and started again at its port."""

    folder: Path
    port: str = "0"
    address: str = ""
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        arguments = ("--port", self.port, "--workers", "1", "--threads", "1")
        self.process, self.address = await started(self.folder, {}, *arguments)
        self.port = self.address.rpartition(":")[2]

    async def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        await self.process.wait()


@dataclass
class Keys:
    """What came of keys: the second each was typed at, and how long its answer took. ``homes`` are the
    upstreams that answered for each document."""

    waits: list[tuple[float, float]] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    homes: dict[str, list[str]] = field(default_factory=dict)

    def between(self, begin: float, end: float) -> list[float]:
        return [wait for at, wait in self.waits if begin <= at < end]

    @property
    def at_home(self) -> float:
        """The share of keys that the upstream answered that answers most of their document's."""
        counted = [(max(map(names.count, set(names))), len(names)) for names in self.homes.values()]
        return sum(most for most, _ in counted) / max(1, sum(number for _, number in counted))


def main() -> None:
    asyncio.run(_main())


async def _main() -> None:
    _show_choice()
    async with behind_front(2) as (replicas, front):
        quiet, killed = await _typing(front, 0.25, []), await _typing(front, 1.0, replicas)
    _show_people(quiet, killed)
    await _show_local()


def _show_choice() -> None:
    """How long it takes to choose among so many upstreams."""
    chat = ChatRequest((Message("user", "x" * 8000),))
    rows = [
        [str(number), *(f"{choice_seconds(number, each) * 1000:.3f}" for each in (HOLE, chat))]
        for number in (2, 8, 64)
    ]
    show("Choosing among upstreams, ms a request", ("upstreams", "suggestion", "chat"), rows)


def choice_seconds(number: int, request: FimRequest | ChatRequest = HOLE) -> float:
    """How long it takes to choose among so many upstreams for a request."""
    upstream = UpstreamSettings(kind="fimble")
    members = [open_member(f"u{n}", upstream, Settings()) for n in range(number)]
    began = time.perf_counter()
    for _ in range(CHOICES):
        in_order(members, request)
    return (time.perf_counter() - began) / CHOICES


@asynccontextmanager
async def behind_front(number: int) -> AsyncIterator[tuple[list[Replica], Served]]:
    """So many servers with one worker each, and a front that has no model of its own."""
    async with AsyncExitStack() as stack:
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(number + 1)]
        replicas = [Replica(folder) for folder in folders[:number]]
        for replica in replicas:
            await replica.start()
            stack.push_async_callback(replica.kill)
        config = folders[number] / "config.toml"
        config.write_text(_config(replicas))
        front = await stack.enter_async_context(fimble({"FIMBLE_CONFIG": str(config)}, "--model", "coder"))
        yield replicas, front


def _config(replicas: list[Replica]) -> str:
    tables = [
        f'[upstreams.r{n}]\nkind = "fimble"\naddress = "{replica.address}"\n'
        for n, replica in enumerate(replicas)
    ]
    names = ", ".join(f'"r{n}"' for n in range(len(replicas)))
    return "\n".join([f"[models.coder]\nupstreams = [{names}]\n", *tables])


async def _typing(front: Served, part: float, victims: list[Replica]) -> Keys:
    """People who type for a part of the time, each waiting for each answer; the victims are killed in turn
    at equal intervals and started again at once."""
    keys, clock = Keys(), Clock(part * effort(SECONDS, 8.0))
    files = places(128, 160)
    async with asyncio.TaskGroup() as group:
        for person in range(PEOPLE):
            texts = typed(files, person, PEOPLE)
            group.create_task(_person(front.session, keys, clock, person / PEOPLE * KEY_SECONDS, texts))
        if victims:
            group.create_task(_kill_often(clock, victims))
    return keys


async def _person(
    session: aiohttp.ClientSession, keys: Keys, clock: Clock, start: float, texts: Iterator[Sheet]
) -> None:
    await clock.until(start)
    while (at := clock.now) < clock.seconds:
        sheet = next(texts)
        try:
            async with session.post("/complete", data=sheet.body(sheet.name)) as response:
                said = await response.read()
                if response.status == 200:
                    keys.waits.append((at, (clock.now - at) * 1000))
                    found = json.loads(said)
                    if "upstream" in found:
                        keys.homes.setdefault(sheet.name, []).append(found["upstream"])
                else:
                    keys.lost.append(said.decode()[:200])
        except aiohttp.ClientError as error:
            keys.lost.append(repr(error))
        await clock.until(at + KEY_SECONDS)


def _kills() -> list[float]:
    return [(n + 0.5) * effort(SECONDS, 8.0) / effort(KILLS, 2) for n in range(effort(KILLS, 2))]


async def _kill_often(clock: Clock, victims: list[Replica]) -> None:
    for number, moment in enumerate(_kills()):
        await clock.until(moment)
        victim = victims[number % len(victims)]
        await victim.kill()
        await victim.start()


def _show_people(quiet: Keys, killed: Keys) -> None:
    moments = _kills()
    interval = moments[1] - moments[0]
    at_once = [wait for moment in moments for wait in killed.between(moment, moment + 1)]
    settled = [wait for moment in moments for wait in killed.between(moment + SETTLED, moment + interval)]
    rows = [
        [name, str(len(waits)), percentile(waits, 0.5), percentile(waits, 0.95), max(waits, default=0.0)]
        for name, waits in (
            ("nobody dies", [wait for _, wait in quiet.waits]),
            ("in the second after a death", at_once),
            (f"from {SETTLED:.0f} s after it on", settled),
        )
    ]
    show(
        f"{PEOPLE} people behind a front with two replicas, one killed every {interval:.0f} s",
        ("", "answers", "p50 ms", "p95 ms", "longest ms"),
        rows,
    )
    lost = quiet.lost + killed.lost
    note(
        f"Lost: {len(lost)} of {len(quiet.waits) + len(killed.waits) + len(lost)}. "
        f"Keys on the replica that knows the document: {quiet.at_home:.0%}, with deaths {killed.at_home:.0%}."
    )
    for said in sorted(set(lost))[:5]:
        note(said)


async def _show_local() -> None:
    """From the death of a server under one person's fingers to the next suggestion, by the local model."""
    waits, files = [], places(effort(DEATHS, 1), 160)
    for file in files:
        with tempfile.TemporaryDirectory() as folder:
            replica = Replica(Path(folder))
            await replica.start()
            waits.append(await _until_local(replica, _holes(file)))
    show(
        "A server dies while one person types: ms to the local model's suggestion",
        ("deaths", "median", "longest"),
        [[str(len(waits)), percentile(waits, 0.5), max(waits)]],
    )


def _holes(file: Passage) -> Iterator[FimRequest]:
    return (sheet.hole(sheet.name) for sheet in typed([file], 0, 1))


async def _until_local(replica: Replica, holes: Iterator[FimRequest]) -> float:
    engine = Engine(Settings(engine=replica.address))
    try:
        for number in range(effort(40, 12)):
            await engine.complete(next(holes))
            await asyncio.sleep(KEY_SECONDS)
            if number == effort(40, 12) - 1:
                asked = asyncio.ensure_future(engine.complete(next(holes)))
                await asyncio.sleep(0)
                began = time.perf_counter()
                await replica.kill()
                await asked
                if engine.serving.instead_of:
                    return (time.perf_counter() - began) * 1000
        began = time.perf_counter()
        await engine.complete(next(holes))
        return (time.perf_counter() - began) * 1000
    finally:
        await engine.close()

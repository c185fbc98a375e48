"""People typing at one server at the same time, over HTTP: what it answers, how soon, and what HTTP costs."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from fimble.engine.engine import Engine
from fimble.engine.settings import Settings
from fimble.engine.types import FimRequest

from .peer import infill, running
from .replay import KEY_SECONDS, Passage, passages
from .tables import note, percentile, show

CLIENTS = (1, 4, 16, 64)
WORKERS = (1, 4)
"""A worker remembers the prompt of one place; with others it has to read again what changes hands."""
KEYS = 60
LOAD_SECONDS = 10.0
"""No key is typed after that, so that an overloaded machine gets through this too."""
Ask = Callable[[Passage, str], Awaitable[float | None]]
"""Asks for a suggestion in a passage after ``typed``: the milliseconds that the engine itself needed, or 0
where they are not told; None when it was refused."""


@dataclass
class Load:
    """What came of some clients typing. ``outside`` is the part of each latency that was not the engine's."""

    name: str
    clients: int
    latencies: list[float] = field(default_factory=list)
    outside: list[float] = field(default_factory=list)
    refused: int = 0
    seconds: float = 0.0

    def row(self) -> list[object]:
        shares = [percentile(self.latencies, share) for share in (0.5, 0.95, 0.99)]
        asked = len(self.latencies) + self.refused
        rate = len(self.latencies) / self.seconds if self.seconds else 0.0
        refused = f"{self.refused / asked:.0%}" if asked else "–"
        return [self.name, str(self.clients), rate, *shares, refused]


COLUMNS = ("", "clients", "answers/s", "p50 ms", "p95 ms", "p99 ms", "refused")


def main() -> None:
    asyncio.run(_main())


async def _main() -> None:
    direct = await _engine_alone()
    ours = [load for workers in WORKERS for load in await _loads(workers)]
    show(
        f"Typing at POST /complete, {KEY_SECONDS * 1000:.0f} ms a key, bundled model",
        COLUMNS,
        [direct.row(), *(load.row() for load in ours)],
    )
    over_http, without = percentile(ours[0].outside, 0.5), percentile(direct.outside, 0.5)
    note(
        f"HTTP adds {over_http - without:.2f} ms to the engine at the median of one client's keys "
        f"({over_http:.2f} ms beside the model's work, {without:.2f} ms without HTTP)."
    )
    await _peer()


async def _loads(workers: int) -> list[Load]:
    async with fimble(workers) as session:
        return [await _typing(f"workers: {workers}", count, _completing(session)) for count in CLIENTS]


async def _peer() -> None:
    program = os.environ.get("LLAMA_SERVER") or shutil.which("llama-server")
    if not program:
        note("llama-server is not installed (LLAMA_SERVER=path names one): nothing to compare with.")
        return
    async with running(program) as address, _session(address) as session:
        loads = [await _typing("/infill", count, _infilling(session)) for count in CLIENTS]
    show("The same typing, the same model file, in llama-server", COLUMNS, [load.row() for load in loads])


async def _engine_alone() -> Load:
    """One client's keys, asked of the engine itself."""
    engine = Engine(Settings())

    async def ask(passage: Passage, typed: str) -> float | None:
        hole = FimRequest(passage.before + typed, passage.after, "python", passage.name)
        return (await engine.complete(hole)).timings.total_ms

    try:
        return await _typing("no HTTP", 1, ask)
    finally:
        await engine.close()


def _completing(session: aiohttp.ClientSession) -> Ask:
    async def ask(passage: Passage, typed: str) -> float | None:
        hole = {"prefix": passage.before + typed, "suffix": passage.after}
        body = {**hole, "language": "python", "file_path": passage.name, "details": True}
        async with session.post("/complete", json=body) as response:
            answer = await response.json()
            return float(answer["timings"]["total_ms"]) if response.status == 200 else None

    return ask


def _infilling(session: aiohttp.ClientSession) -> Ask:
    async def ask(passage: Passage, typed: str) -> float | None:
        try:
            await infill(session, passage.before + typed, passage.after)
        except aiohttp.ClientResponseError:
            return None
        return 0.0

    return ask


async def _typing(name: str, clients: int, ask: Ask) -> Load:
    """Clients that type ``KEYS`` keys each, none of them at the same moment of its key."""
    load, files = Load(name, clients), passages(KEYS)
    await asyncio.gather(*(ask(passage, "") for passage in files))
    began = time.perf_counter()
    starts = [number * KEY_SECONDS / clients for number in range(clients)]
    await asyncio.gather(
        *(_client(load, files[n % len(files)], start, ask) for n, start in enumerate(starts))
    )
    load.seconds = time.perf_counter() - began
    return load


async def _client(load: Load, passage: Passage, start: float, ask: Ask) -> None:
    """A key when its time has come and the last answer is there."""
    ends = time.perf_counter() + LOAD_SECONDS
    await asyncio.sleep(start)
    for at in range(1, KEYS + 1):
        if (began := time.perf_counter()) > ends:
            return
        engine_ms = await ask(passage, passage.typed[:at])
        if engine_ms is None:
            load.refused += 1
        else:
            load.latencies.append((time.perf_counter() - began) * 1000)
            load.outside.append(load.latencies[-1] - engine_ms)
        await asyncio.sleep(max(0.0, KEY_SECONDS - (time.perf_counter() - began)))


@asynccontextmanager
async def fimble(workers: int) -> AsyncIterator[aiohttp.ClientSession]:
    """A server in a process of its own, without keys, and a client of it."""
    with tempfile.TemporaryDirectory(prefix="fimble-bench-") as folder:
        database = f"sqlite:///{Path(folder) / 'server.db'}"
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "fimble.cli.main", "serve",
            "--port", "0", "--database", database, "--queue", str(max(CLIENTS)), "--workers", str(workers),
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stderr is not None
        try:
            while b"listens on" not in (line := await process.stderr.readline()):
                assert line, "the server did not start"
            async with _session(line.split()[-1].decode()) as session:
                yield session
        finally:
            process.terminate()
            await process.wait()


def _session(address: str) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(address, connector=aiohttp.TCPConnector(limit=0))


if __name__ == "__main__":
    main()

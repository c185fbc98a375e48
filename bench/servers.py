"""``fimble serve`` in a process of its own, and what a server and its processes have computed."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp

_DRAINS: set[asyncio.Task[bytes]] = set()
QUEUE = 256
"""Requests that may wait: all people of a benchmark, each with the request that it has just closed."""


@dataclass(frozen=True, slots=True)
class Served:
    """A server that answers, and the process that it is."""

    session: aiohttp.ClientSession
    process: int

    def cpu_seconds(self) -> float:
        """What it and the processes that it started have computed (Linux, else 0)."""
        return _cpu_seconds(self.process)

    def own_seconds(self) -> float:
        """What the process itself has computed, without those that it started (Linux, else 0)."""
        return own_seconds(self.process)


@asynccontextmanager
async def fimble(environment: Mapping[str, str] | None = None, *arguments: str) -> AsyncIterator[Served]:
    """A server as it is started by default, without keys; ``environment`` and ``arguments`` are added."""
    with tempfile.TemporaryDirectory(prefix="fimble-bench-") as folder:
        process, address = await started(Path(folder), environment or {}, *arguments)
        try:
            async with session_with(address) as session:
                yield Served(session, process.pid)
        finally:
            process.terminate()
            await process.wait()


async def started(
    folder: Path, environment: Mapping[str, str], *arguments: str
) -> tuple[asyncio.subprocess.Process, str]:
    """A server that listens, and its address; its database is in ``folder``."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "fimble.cli.main", "serve", "--port", "0",
        "--database", f"sqlite:///{folder / 'server.db'}", "--queue", str(QUEUE), *arguments,
        stderr=asyncio.subprocess.PIPE, env={**os.environ, **environment},
    )  # fmt: skip
    assert process.stderr is not None
    while b"listens on" not in (line := await process.stderr.readline()):
        assert line, "the server did not start"
    _DRAINS.add(drain := asyncio.create_task(process.stderr.read()))  # or it would wait to write its log
    drain.add_done_callback(_DRAINS.discard)
    return process, line.split()[-1].decode()


def session_with(address: str) -> aiohttp.ClientSession:
    headers = {"Content-Type": "application/json"}
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=60)
    return aiohttp.ClientSession(address, connector=connector, headers=headers)


def own_seconds(process: int) -> float:
    """Processor seconds of one process, those of its children left out."""
    with suppress(OSError):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return sum(int(each) for each in fields[11:13]) / os.sysconf("SC_CLK_TCK")
    return 0.0


def _cpu_seconds(process: int) -> float:
    with suppress(OSError):
        folder = Path(f"/proc/{process}")
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        ticks = sum(
            int(each) for each in fields[11:15]
        )  # user and system, its own and of children that ended
        children = [int(each) for task in (folder / "task").iterdir() for each in _children(task)]
        return ticks / os.sysconf("SC_CLK_TCK") + sum(_cpu_seconds(each) for each in children)
    return 0.0


def _children(task: Path) -> list[str]:
    return (task / "children").read_text().split()

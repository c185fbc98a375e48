"""A Ray cluster with our deployment, made by ``fimble cluster deploy``, and what happens in its replicas."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fimble.engine.cluster.backend import RayBackend
from fimble.engine.cluster.knobs import AGENT
from fimble.engine.cluster.link import Link
from fimble.engine.cluster.machine import whereabouts
from fimble.engine.cluster.sessions import session_of
from fimble.engine.types import Delta, Request
from tests.e2e.server.conftest import FIMBLE

FAKE = {
    "models": {
        "quick": {"answer": "return item.value"},
        "slow": {"answer": "at last", "prompt_token_ms": 15},
        "endless": {"answer": "on and on ", "endless": True, "token_ms": 5},
        "dying": {"answer": "abcdef", "die_at_token": 3},
    }
}
CONFIG = "".join(f'[models.{name}]\nmodel = "fake"\n' for name in FAKE["models"])


@dataclass(frozen=True)
class Machine:
    """The environment in which everything of the cluster lands below ``home``."""

    home: Path
    environment: dict[str, str]

    def fimble(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*FIMBLE, "cluster", *arguments], env={**self.environment, **environment},
            capture_output=True, text=True, timeout=110,
        )  # fmt: skip

    def status(self) -> dict[str, Any]:
        done = self.fimble("status", "--json")
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found


def machine_below(home: Path) -> Machine:
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    config = home / "config.toml"
    config.write_text(CONFIG)
    environment = {
        "HOME": str(home), "XDG_RUNTIME_DIR": str(home), "FIMBLE_CONFIG": str(config),
        "FIMBLE_FAKE": json.dumps(FAKE),
    }  # fmt: skip
    return Machine(home, {**kept, **environment})


@asynccontextmanager
async def asking(model: str = "", timeout: float = 30.0, address: str = "auto") -> AsyncIterator[RayBackend]:
    """A front's backend. The environment is that of the machine."""
    backend = RayBackend(address, model, timeout)
    try:
        yield backend
    finally:
        await backend.close()


async def text_of(backend: RayBackend, request: Request) -> str:
    return "".join([delta.text async for delta in backend.generate(request)])


async def first_of(backend: RayBackend, request: Request) -> list[Delta]:
    """The first pieces; then nobody waits any more."""
    async with aclosing(backend.generate(request)) as deltas:
        return [await anext(deltas)]


class Watcher:
    """Asks the replica that a request belongs to what it does."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def owner(self, request: Request, model: str) -> dict[str, Any]:
        call = self._link.ask("status", model, session_of(request, model))
        try:
            said = await asyncio.wait_for(call.said.get(), 30)
            assert isinstance(said, bytes), said
            found: dict[str, Any] = json.loads(said)
            return found
        finally:
            self._link.leave(call)

    async def until(
        self, request: Request, model: str, condition: Callable[[dict[str, Any]], bool]
    ) -> dict[str, Any]:
        """What it does once the condition holds."""
        async with asyncio.timeout(30):
            while not condition(found := await self.owner(request, model)):
                pass
        return found


@asynccontextmanager
async def watching() -> AsyncIterator[Watcher]:
    link = Link(*whereabouts("auto", AGENT))
    try:
        await link.joined
        yield Watcher(link)
    finally:
        await link.close()


def workers_of(process: int) -> list[int]:
    """The processes below a replica that own models."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True)
    rows = [line.split(None, 2) for line in listed.stdout.splitlines()]
    return [int(row[0]) for row in rows if int(row[1]) == process and "workers.child" in row[2]]


def computed(process: int) -> float:
    """Seconds of a processor that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


@asynccontextmanager
async def begun(deltas: AsyncGenerator[Delta]) -> AsyncIterator[asyncio.Task[Delta]]:
    """Its first piece, which is waited for meanwhile."""

    async def first() -> Delta:
        return await anext(deltas)

    task = asyncio.create_task(first())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

"""llama-server beside us: the same model file, and the settings that suit it best."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from fimble.engine.models.catalogue import bundled_path
from fimble.engine.prompt.window import fitting_window
from fimble.engine.runtimes.memory import LEAST_CONTEXT

from .servers import Served, session_with
from .tables import note

WINDOW = fitting_window(LEAST_CONTEXT)
"""Of the text around the cursor llama-server keeps as many tokens as its batch is long: as many as we do."""
SLOT_TOKENS = WINDOW + 256
"""What a slot holds: the window and an answer."""


def llama_server() -> str | None:
    """The program, or None, which is then said."""
    program = os.environ.get("LLAMA_SERVER") or shutil.which("llama-server")
    if not program:
        note("llama-server is not installed (LLAMA_SERVER=path names one): nothing to compare with.")
    return program


@dataclass(frozen=True, slots=True)
class Setup:
    """How it is started: places side by side, and whether a thread that waits for another one sleeps instead
    of spinning first, which is better where cores are short."""

    slots: int = 1
    sleeps: bool = False

    def __str__(self) -> str:
        return f"llama-server -np {self.slots}" + (", threads sleep" if self.sleeps else "")


@asynccontextmanager
async def llama(program: str, setup: Setup = Setup(), model: Path | None = None) -> AsyncIterator[Served]:
    """A server on a free port, with the bundled model or another one."""
    slots, policy = setup.slots, {"OMP_WAIT_POLICY": "passive"} if setup.sleeps else {}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        program, "-m", str(model or bundled_path()), "--port", str(port), "--host", "127.0.0.1",
        "--spm-infill", "-t", str(os.cpu_count() or 1), "-np", str(slots), "-c", str(slots * SLOT_TOKENS),
        "-b", str(WINDOW), "-ub", str(WINDOW), "--cache-reuse", "256",
        env={**os.environ, **policy},
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with session_with(f"http://127.0.0.1:{port}") as session:
            await _until_healthy(session)
            yield Served(session, process.pid)
    finally:
        process.terminate()
        await process.wait()


async def _until_healthy(session: aiohttp.ClientSession) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                async with session.get("/health") as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.05)

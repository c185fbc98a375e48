"""Real processes of fimble, found by what was put into their environment, and what a test does to them.

Linux only, by ``/proc``.
"""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SERVICE = "fimble.engine.shared.service"
WORKER = "fimble.engine.workers.child"
PATIENCE_SECONDS = 30.0


@contextmanager
def runtime_folder() -> Iterator[Path]:
    """A folder for sockets, whose name marks the processes that are started with it; ends what is left.

    pytest's own folders have names too long for a socket.
    """
    folder = Path(tempfile.mkdtemp(prefix="fimble"))
    try:
        yield folder
    finally:
        for process in [*running(SERVICE, folder), *running(WORKER, folder)]:
            send(process, signal.SIGKILL)
        shutil.rmtree(folder)


@contextmanager
def descriptors_of_children(most: int) -> Iterator[None]:
    """Processes that are started meanwhile may open only so many files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def running(module: str, mark: Path | str) -> list[int]:
    """Processes that run this module with ``mark`` somewhere in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            if module.encode() in words and str(mark).encode() in (process / "environ").read_bytes():
                found.append(int(process.name))
    return found


def send(process: int, number: signal.Signals) -> None:
    """Send a signal to a process, which may have ended."""
    with suppress(ProcessLookupError):
        os.kill(process, number)


def memory_bytes(process: int) -> int:
    """What a process has resident."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what another process brings about."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)

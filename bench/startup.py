"""Starting: from the process to the first suggestion; and the memory that is held after it."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from fimble.cli.driver import Driver

from .replay import passages
from .tables import note, percentile, show

RUNS = 7


def main() -> None:
    runs = [asyncio.run(_start()) for _ in range(RUNS)]
    rows = []
    for number, name in enumerate(("initialize answered (ms)", "first suggestion (ms)")):
        values = [run[number] for run in runs]
        rows.append([name, min(values), percentile(values, 0.5), max(values)])
    show(f"Starting `fimble lsp`, {RUNS} times", ("", "best", "p50", "worst"), rows)
    server, worker = runs[-1][2:]
    memory = [["language server", server], ["worker with the model", worker], ["together", server + worker]]
    show("Memory after the first suggestion", ("process", "MB (PSS)"), memory)
    note("PSS: pages that processes share are divided among them.")


async def _start() -> tuple[float, float, float, float]:
    """Milliseconds to initialize and to the first suggestion; megabytes of server and worker."""
    passage = passages(40)[0]
    with tempfile.TemporaryDirectory(prefix="fimble-bench-") as folder:
        driver = Driver(Path(folder), {"statistics": False, "prefetch": False})
        began = time.perf_counter()
        await driver.start()
        initialized = time.perf_counter()
        driver.open(
            Path(folder) / passage.name, "python", passage.before + passage.after, len(passage.before)
        )
        await driver.ask()
        suggested = time.perf_counter()
        server = driver.server_process
        held = memory_mb(server), sum(map(memory_mb, children(server)))
        await driver.stop()
    return (initialized - began) * 1000, (suggested - began) * 1000, *held


def memory_mb(process: int) -> float:
    """Proportional set size of a process, by Linux's ``smaps_rollup``; 0 elsewhere."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)


def children(process: int) -> list[int]:
    """Direct children of a process, by Linux's ``/proc``."""
    try:
        return [int(n) for n in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except OSError:
        return []


if __name__ == "__main__":
    main()

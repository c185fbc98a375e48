"""Starting, with nothing running yet: from the process to the first suggestion, and the memory held then."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

from fimble.cli.driver import Driver

from .processes import PARTS, apart, memory_by_part
from .replay import passages
from .tables import note, percentile, show

RUNS = 7


def main() -> None:
    runs = [asyncio.run(_start()) for _ in range(RUNS)]
    rows = []
    for number, name in enumerate(("initialize answered (ms)", "first suggestion (ms)")):
        values = [run[:2][number] for run in runs]
        rows.append([name, min(values), percentile(values, 0.5), max(values)])
    show(f"Starting `fimble lsp`, {RUNS} times", ("", "best", "p50", "worst"), rows)
    held = runs[-1][2]
    memory = [[part, held[part]] for part in PARTS.values() if held[part]] + [["together", held.total()]]
    show("Memory after the first suggestion", ("process", "MB (PSS)"), memory)
    note("PSS: pages that processes share are divided among them.")


async def _start() -> tuple[float, float, Counter[str]]:
    """Milliseconds to initialize and to the first suggestion; megabytes held by each part."""
    passage = passages(40)[0]
    with apart() as runtime:
        driver = Driver(runtime, {"statistics": False, "prefetch": False})
        began = time.perf_counter()
        await driver.start()
        initialized = time.perf_counter()
        driver.open(runtime / passage.name, "python", passage.before + passage.after, len(passage.before))
        await driver.ask()
        suggested = time.perf_counter()
        held = memory_by_part(runtime)
        await driver.stop()
    return (initialized - began) * 1000, (suggested - began) * 1000, held


if __name__ == "__main__":
    main()

"""Typing, key by key, through the real language server: how long until the suggestion is there."""

from __future__ import annotations

import asyncio
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fimble.cli.driver import Driver

from .replay import KEY_SECONDS, Passage, passages
from .tables import note, percentile, show


@dataclass
class Replay:
    """What happened while one passage was typed."""

    name: str
    latencies: list[float] = field(default_factory=list)
    suggestions: int = 0
    counters: dict[str, Any] = field(default_factory=dict)

    def row(self) -> list[object]:
        keys, counters = max(1, len(self.latencies)), self.counters
        evaluated = counters.get("prompt_tokens", 0) - counters.get("cached_tokens", 0)
        in_time = sum(latency <= KEY_SECONDS * 1000 for latency in self.latencies)
        return [
            self.name,
            str(keys),
            percentile(self.latencies, 0.5),
            percentile(self.latencies, 0.95),
            f"{in_time / keys:.0%}",
            f"{self.suggestions / keys:.0%}",
            evaluated / keys,
            counters.get("completion_tokens", 0) / keys,
            f"{counters.get('from_memory', 0) / keys:.0%}",
        ]


COLUMNS = (
    "file", "keys", "p50 ms", "p95 ms", "before next key", "with text", "tokens read/key",
    "tokens made/key", "without model",
)  # fmt: skip


def main() -> None:
    replays = [asyncio.run(type_passage(each)) for each in passages()]
    show(
        "Typing through `fimble lsp`, 120 ms a key, bundled model",
        COLUMNS,
        [*(r.row() for r in replays), _all(replays)],
    )
    note("From didChange to the answer. “Tokens read” also counts what is read ahead of being asked.")


async def type_passage(passage: Passage, key_seconds: float = KEY_SECONDS) -> Replay:
    """Type a passage and ask after every key, as an editor does."""
    with tempfile.TemporaryDirectory(prefix="fimble-bench-") as folder:
        driver = Driver(Path(folder), {"statistics": False})
        await driver.start()
        driver.open(
            Path(folder) / passage.name, "python", passage.before + passage.after, len(passage.before)
        )
        await driver.ask()
        replay = Replay(passage.name)
        for key in passage.typed:
            began = time.perf_counter()
            driver.type(key)
            answer = await driver.ask()
            replay.latencies.append((time.perf_counter() - began) * 1000)
            replay.suggestions += bool(answer.text)
            await asyncio.sleep(max(0.0, key_seconds - (time.perf_counter() - began)))
        replay.counters = await driver.stats()
        await driver.stop()
    return replay


def _all(replays: list[Replay]) -> list[object]:
    everything = Replay("all")
    for replay in replays:
        everything.latencies += replay.latencies
        everything.suggestions += replay.suggestions
        for name, value in replay.counters.items():
            everything.counters[name] = everything.counters.get(name, 0) + value
    return everything.row()


if __name__ == "__main__":
    main()

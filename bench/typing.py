"""Typing, key by key, through the real language server, and the same keys at llama-server."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from fimble.cli.driver import Driver

from .clients import Answer, LlamaClient
from .effort import effort
from .llama import llama, llama_server
from .places import places
from .replay import KEY_SECONDS, Passage
from .servers import Served, fimble
from .sheet import Sheet
from .tables import note, percentile, show


@dataclass
class Replay:
    """What came of the keys: milliseconds until each one's answer, tokens, answers without the model."""

    name: str
    latencies: list[float] = field(default_factory=list)
    code: list[float] = field(default_factory=list)
    read: int = 0
    made: int = 0
    known: int = 0

    def figures(self) -> list[float]:
        """Median and 95th percentile of all keys, and of those that are no indentation."""
        return [percentile(each, share) for each in (self.latencies, self.code) for share in (0.5, 0.95)]

    def row(self) -> list[object]:
        keys = max(1, len(self.latencies))
        in_time = sum(latency <= KEY_SECONDS * 1000 for latency in self.latencies)
        return [
            self.name, str(keys), *self.figures(), f"{in_time / keys:.0%}",
            self.read / keys, self.made / keys, f"{self.known / keys:.0%}",
        ]  # fmt: skip


COLUMNS = (
    "", "keys", "p50 ms", "p95 ms", "p50 of code", "p95", "before next key", "tokens read/key",
    "tokens made/key", "without model",
)  # fmt: skip
TypeAt = Callable[[Passage], Awaitable[None]]
"""Types a passage, from nothing read of its file on."""


def main() -> None:
    replays = asyncio.run(_main())
    ours, *others = replays
    rows = [each.row() for each in replays]
    rows += [_ratio(ours, each) for each in others]
    if others:
        rows.append(_ratio(others[1], others[0], "llama.vim: fimble serve / llama-server"))
    show("Typing through `fimble lsp`, 120 ms a key, bundled model", COLUMNS, rows)
    note(
        "From a key to its answer, in files that nothing was read of. A key waits for the last one's answer."
    )
    note("“Of code”: without the spaces that indent a line; few people type them, llama.vim knows them all.")
    note("“Tokens read” also counts what `fimble lsp` reads ahead. For llama.vim, see bench/vim.py.")


async def _main() -> list[Replay]:
    """Each place in turn with everybody, so that all meet the same machine."""
    async with AsyncExitStack() as stack:
        ours = Replay("fimble lsp")
        replays, typists = [ours], [await stack.enter_async_context(_language_server(ours))]
        if program := llama_server():
            theirs, here = Replay("llama.vim, llama-server"), Replay("llama.vim, fimble serve")
            replays += theirs, here
            typists.append(_vim(theirs, await stack.enter_async_context(llama(program))))
            typists.append(_vim(here, await stack.enter_async_context(fimble())))
        for place in places(effort(12, 2), effort(40, 20)):
            for type_at in typists:
                await type_at(place)
    return replays


@asynccontextmanager
async def _language_server(replay: Replay) -> AsyncIterator[TypeAt]:
    """One `fimble lsp` for all files, its model loaded; what it has counted is in the replay at the end."""
    with tempfile.TemporaryDirectory(prefix="fimble-bench-") as made:
        folder = Path(made)
        driver = Driver(folder, {"statistics": False})
        await driver.start()
        driver.open(folder / "first.py", "python", "import os\n", 10)
        await driver.ask()

        async def type_at(place: Passage) -> None:
            driver.open(folder / place.name, "python", place.before + place.after, len(place.before))
            await asyncio.sleep(KEY_SECONDS)
            await _keys(replay, place, lambda key: _ask(driver, key))

        yield type_at
        counters = await driver.stats()
        replay.read = counters["prompt_tokens"] - counters["cached_tokens"]
        replay.made, replay.known = counters["completion_tokens"], counters["from_memory"]
        await driver.stop()


async def _ask(driver: Driver, key: str) -> None:
    driver.type(key)
    await driver.ask()


def _vim(replay: Replay, served: Served) -> TypeAt:
    client = LlamaClient(served.session)

    async def type_at(place: Passage) -> None:
        sheet = Sheet(place)

        async def ask(key: str) -> None:
            sheet.type(key)
            answer = await client.ask(sheet) or Answer()
            replay.read += answer.read
            replay.made += answer.made
            replay.known += answer.known

        await asyncio.sleep(KEY_SECONDS)
        await _keys(replay, place, ask)

    return type_at


async def _keys(replay: Replay, place: Passage, ask: Callable[[str], Awaitable[None]]) -> None:
    line = ""
    for key in place.typed:
        began = time.perf_counter()
        await ask(key)
        seconds = time.perf_counter() - began
        replay.latencies.append(seconds * 1000)
        line = "" if key == "\n" else line + key
        if key == "\n" or line.strip():
            replay.code.append(seconds * 1000)
        await asyncio.sleep(max(0.0, KEY_SECONDS - seconds))


def _ratio(ours: Replay, theirs: Replay, name: str = "") -> list[object]:
    pairs = zip(ours.figures(), theirs.figures(), strict=True)
    return [
        name or f"fimble lsp / {theirs.name}",
        "",
        *(f"{a / b:.2f}" if b else "–" for a, b in pairs),
        *[""] * 4,
    ]


if __name__ == "__main__":
    main()

"""One person edits two files in turn over HTTP: what a switch costs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from .clients import Answer, Client, FimbleClient, LlamaClient, MakeClient
from .effort import effort
from .llama import Setup, llama, llama_server
from .people import typed
from .places import places
from .replay import KEY_SECONDS
from .servers import Served, fimble
from .sheet import Sheet
from .tables import note, percentile, show

VISIT = 10
"""Keys before the other file's turn."""
SLOTS = 4


@dataclass
class Visits:
    """What came of editing, without the first visit to each file: milliseconds of the first answer of each
    visit and of the others, and the tokens that all of them had to read."""

    name: str
    first: list[float] = field(default_factory=list)
    later: list[float] = field(default_factory=list)
    read: int = 0

    def row(self) -> list[object]:
        keys = len(self.first) + len(self.later)
        figures = [percentile(each, share) for each in (self.first, self.later) for share in (0.5, 0.95)]
        return [self.name, str(keys), *figures, self.read / max(1, keys)]


COLUMNS = ("", "keys", "first answer p50 ms", "p95", "other answers p50 ms", "p95", "tokens read/key")


def main() -> None:
    found = asyncio.run(_main())
    show(f"Two files edited in turn over HTTP, {VISIT} keys each", COLUMNS, [each.row() for each in found])
    note("The first visit to each file is left out. “One file”: the same keys, one file after the other.")


async def _main() -> list[Visits]:
    found = []
    async with fimble() as served:
        found.append(await _edit("fimble serve, two files", served, FimbleClient, True))
    async with fimble() as served:
        found.append(await _edit("fimble serve, one file", served, FimbleClient, False))
    if program := llama_server():
        async with llama(program, Setup(SLOTS)) as served:
            found.append(await _edit(f"{Setup(SLOTS)}, two files", served, LlamaClient, True))
        async with llama(program, Setup(SLOTS)) as served:
            found.append(await _edit(f"{Setup(SLOTS)}, one file", served, LlamaClient, False))
    return found


async def _edit(name: str, served: Served, make_client: MakeClient, in_turn: bool) -> Visits:
    times = effort(6, 3)
    *files, other = places(effort(5, 3), VISIT * times)
    client, visits = make_client(served.session), Visits(name)
    await client.ask(Sheet(other))  # so that the model is loaded
    for pair in zip(files[::2], files[1::2], strict=True):
        texts = [typed([place], 0, 1) for place in pair]
        for file, visit in order_of(times, in_turn):
            await _visit(client, texts[file], visits if visit else Visits("the first, which is cold"))
    return visits


def order_of(times: int, in_turn: bool) -> list[tuple[int, int]]:
    """Visits of two files: which one, and its visits' number, from 0."""
    found = [(file, visit) for file in range(2) for visit in range(times)]
    return sorted(found, key=lambda each: each[1]) if in_turn else found


async def _visit(client: Client, texts: Iterator[Sheet], visits: Visits) -> None:
    for key in range(VISIT):
        began = time.perf_counter()
        answer = await client.ask(next(texts)) or Answer()
        seconds = time.perf_counter() - began
        (visits.later if key else visits.first).append(seconds * 1000)
        visits.read += answer.read
        await asyncio.sleep(max(0.0, KEY_SECONDS - seconds))


if __name__ == "__main__":
    main()

"""Measures on this machine what the simulation needs: real servers, a real worker, a real database."""

from __future__ import annotations

import asyncio
import os
import platform
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from fimble.engine.upstreams.health import RETRY_SECONDS
from fimble.server.store import usage
from fimble.server.store.database import Database
from fimble.server.store.usage import Counts, Dimensions

from ..effort import effort
from ..people import typed
from ..places import places
from ..replay import Passage
from ..replicas import Replica, behind_front, choice_seconds
from ..servers import Served, fimble, own_seconds, session_with
from ..sheet import Sheet
from ..tables import percentile
from .measured import MEMORY, Measured

PASSAGES, KEYS, COLD = 24, 160, 60
ONE = ("--workers", "1", "--threads", "1")
PEOPLE = (1, 2, 4, 8, 16, 32)
BATCH_SECONDS = 5.0
ROWS = 2_000


async def measure(database: str | None = None) -> Measured:
    """``database``: the address of a PostgreSQL, which is measured beside SQLite."""
    files = places(effort(PASSAGES, 4) + COLD, KEYS)
    first, others = files[: effort(PASSAGES, 4)], files[effort(PASSAGES, 4) :]
    async with fimble(None, *ONE) as served, fimble(None, *ONE) as beside:
        typed_keys = [await _type(served, place) for place in first]
        cold = [(await _type(served, place, 1))[0] for place in others]
        costs = [await _cost_of_answers(served, files, people) for people in effort(PEOPLE, (1, 4))]
        crowd = [_cost_of_answers(each, files, 1) for each in (served, beside)]
        crowded = max(1.0, sum(await asyncio.gather(*crowd)) / 2 / costs[0])
    parts = await _parts(first)
    rows = {"sqlite": await _rows_a_second(None)}
    if database is not None:
        rows["postgresql"] = await _rows_a_second(database)
    warm = [each for keys in typed_keys for each in keys[1:] if each != MEMORY]
    more = costs[0] / (sum(warm) / len(warm))  # it also computes where its own clock does not run
    return Measured(
        f"{os.cpu_count()} cores, {platform.machine()}, bundled model, a worker of one thread",
        [[each * more for each in keys] for keys in typed_keys], [each * more for each in cold],
        [(people, costs[0] / cost) for people, cost in zip(effort(PEOPLE, (1, 4)), costs, strict=True)],
        crowded, parts.front_known, parts.front_asked, parts.server, parts.person,
        (choice_seconds(64) - choice_seconds(2)) / 62, await _seconds_to_start(files[0]), rows,
    )  # fmt: skip


async def _type(served: Served, place: Passage, keys: int = KEYS) -> list[float]:
    """Type a passage; what the worker spent on each key."""
    spent = []
    texts = typed([place], 0, 1)
    for _ in range(min(keys, len(place.typed))):
        found = await _ask(served.session, next(texts))
        timings = found["timings"]
        model = (timings["prompt_ms"] + timings["generate_ms"]) / 1000
        spent.append(MEMORY if found.get("from_memory") else max(model, 1e-6))
    return spent


async def _cost_of_answers(served: Served, files: list[Passage], people: int) -> float:
    """The worker's seconds for each answer that it makes, with so many people who do not pause."""
    everyone = [typed(files, person, people) for person in range(people)]
    for texts in everyone:  # what is read for the first time does not count
        await _ask(served.session, next(texts))
    ends, asked = time.perf_counter() + effort(BATCH_SECONDS, 1.0), 0
    before = served.cpu_seconds() - served.own_seconds()

    async def type_on(person: int) -> int:
        made = 0
        while time.perf_counter() < ends:
            found = await _ask(served.session, next(everyone[person]))
            made += "from_memory" not in found
        return made

    asked = sum(await asyncio.gather(*(type_on(person) for person in range(people))))
    return (served.cpu_seconds() - served.own_seconds() - before) / max(1, asked)


@dataclass(frozen=True, slots=True)
class _Parts:
    front_known: float
    front_asked: float
    server: float
    person: float


async def _parts(files: list[Passage]) -> _Parts:
    """What front and replica spend on a request beside the model: of one person's waits what the model does
    not explain, by what each process has computed."""
    async with behind_front(1) as ([replica], front):
        assert replica.process is not None
        at_front, at_replica, begun = (
            front.own_seconds(),
            own_seconds(replica.process.pid),
            time.process_time(),
        )
        known, asked = [], []
        for texts in (typed([place], 0, 1) for place in files):
            await _ask(front.session, next(texts))
            for _ in range(KEYS - 1):
                began = time.perf_counter()
                found = await _ask(front.session, next(texts))
                timings, wait = found["timings"], time.perf_counter() - began
                if found.get("from_memory"):
                    known.append(wait)
                else:
                    asked.append(wait - (timings["prompt_ms"] + timings["generate_ms"]) / 1000)
        person = (time.process_time() - begun) / (len(known) + len(asked))
        here, there = front.own_seconds() - at_front, own_seconds(replica.process.pid) - at_replica
        front_known = percentile(known, 0.5) - person
        of_asked = percentile(asked, 0.5) - person
        front_share = max(0.0, here - front_known * len(known))
        front_share /= max(1e-9, front_share + there)
        return _Parts(front_known, of_asked * front_share, of_asked * (1 - front_share), person)


async def _seconds_to_start(place: Passage) -> float:
    """From a replica's death to its next answer behind a front, which looks for it now and then."""
    with tempfile.TemporaryDirectory() as folder:
        replica = Replica(Path(folder))
        began = time.perf_counter()
        await replica.start()
        try:
            async with session_with(replica.address) as session:
                await _ask(session, Sheet(place))
        finally:
            await replica.kill()
    return time.perf_counter() - began + RETRY_SECONDS


async def _rows_a_second(address: str | None) -> float:
    """Rows of usage that a database adds up in a second, as a front writes them."""
    counts = Counts(requests=9, prompt_tokens=900, completion_tokens=40)
    counts.latency.update(dict.fromkeys(range(8), 1))
    batch = {Dimensions(f"key{n}", "2026-01-01", "fimble", "/complete"): counts for n in range(ROWS)}
    with tempfile.TemporaryDirectory() as folder:
        database = Database(address or f"sqlite:///{folder}/usage.db", create=True)
        await database.run(usage.write, batch)  # the rows that the others add to
        began = time.perf_counter()
        for _ in range(3):
            await database.run(usage.write, batch)
        return 3 * ROWS * (1 + len(counts.latency)) / (time.perf_counter() - began)


async def _ask(session: aiohttp.ClientSession, sheet: Sheet) -> dict[str, Any]:
    async with session.post("/complete", data=sheet.body(sheet.name)) as response:
        response.raise_for_status()
        return dict(await response.json())

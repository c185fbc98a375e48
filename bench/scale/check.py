"""The simulation beside the real thing: the same people at one, two and three replicas on this machine."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass

from ..clients import FimbleClient
from ..effort import effort
from ..load import Load
from ..people import dropping, measure
from ..places import places
from ..replay import KEY_SECONDS
from ..replicas import behind_front
from ..sheet import Sheet
from ..tables import percentile
from .keys import Key, steadily
from .measured import Measured
from .simulation import Outcome, Setup, Simulation

PEOPLE = (8, 16, 24, 32)
SECONDS, SETTLED = 18.0, 5.0
"""How long they type; until then everybody's text has been read once."""
COLUMNS = (
    "replicas", "people", "in time", "predicted", "p50 ms", "predicted", "p95 ms", "predicted",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pair:
    """What was seen, and what was predicted."""

    replicas: int
    people: int
    seen: Load
    predicted: Outcome

    @property
    def row(self) -> list[object]:
        seen, waits = self.seen.latencies, [wait * 1000 for _, wait in self.predicted.waits]
        figures = [
            figure for share in (0.5, 0.95) for figure in (percentile(seen, share), percentile(waits, share))
        ]
        shares = [f"{share:.0%}" for share in (self.seen.in_time(SETTLED), self.predicted.in_time)]
        return [str(self.replicas), str(self.people), *shares, *figures]

    @property
    def error(self) -> float:
        """How far the predicted share of keys in time is from the one that was seen."""
        return abs(self.seen.in_time(SETTLED) - self.predicted.in_time)


async def check(measured: Measured) -> list[Pair]:
    pairs = []
    files = places(129, 160)
    for replicas in effort((1, 2, 3), (1,)):
        for people in effort(PEOPLE, (8,)):
            async with behind_front(replicas) as (_, front):
                await FimbleClient(front.session).ask(Sheet(files[128]))
                seen = await measure(front, dropping, people, effort(SECONDS, 8.0), files[:128], FimbleClient)
            pairs.append(Pair(replicas, people, seen, predict(measured, replicas, people)))
    return pairs


def predict(measured: Measured, replicas: int, people: int) -> Outcome:
    """The same with simulated time: all of it on one machine with so many cores as this one."""

    def typing(draw: random.Random) -> Iterator[Key]:
        return steadily(measured, draw, KEY_SECONDS)

    setup = Setup(replicas, cores=float(os.cpu_count() or 1), together=True)
    found = Simulation(measured, setup, people, typing).run(effort(SECONDS, 8.0))
    return found.since(SETTLED)


def worst(pairs: list[Pair]) -> float:
    return max((pair.error for pair in pairs), default=0.0)


if __name__ == "__main__":
    from .measured import load

    for pair in asyncio.run(check(load())):
        print(pair.row)

"""How many replicas and fronts a number of people need, and what is short first."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .keys import naturally
from .measured import Measured
from .simulation import Outcome, Setup, Simulation

LATER = 0.01
"""A replica bears so many people that no more keys than this are late which for one alone would not be."""
SLICE = 4
"""Replicas that are simulated; of a larger cluster they are a slice, since each document has one of them."""
SECONDS, SETTLED = 30.0, 10.0
"""How long they type; until then everybody's first document has been read, which nobody had before."""
SIZES = ((1, 1.5), (2, 2.5), (4, 4.5), (8, 8.5))
"""Workers of a replica, and cores: a part of one is for the server process beside them."""
BUSY = 0.6
"""How busy a front or a database may be, so that nobody waits for it."""
KEYS_ACTIVE = 0.35
"""How many of those who have an editor open type within five seconds: usage is written so often."""
ROWS_A_WRITE = 5
"""Rows that a person's usage takes in five seconds: the counts, and the few latencies that there were."""
WRITE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Size:
    """``people`` that a replica of so many ``workers`` and ``cores`` bears; ``asked`` are requests for which
    a replica is asked, ``keys`` all of them, each in a second and for one person."""

    workers: int
    cores: float
    people: int
    keys: float
    asked: float
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Need:
    """What so many people need. ``choice`` is the share of a front's time that goes into choosing."""

    people: int
    replicas: int
    fronts: int
    choice: float
    rows: float
    databases: float

    @property
    def short(self) -> str:
        """What ends the growth first."""
        if self.databases > 1:
            return "database"
        if self.choice > 0.5:
            return "choosing a replica"
        return "processors of replicas" if self.replicas >= self.fronts else "fronts"


def people_of(measured: Measured, workers: int, cores: float, home: bool = True) -> Size:
    """The most people a replica bears, found by halving."""
    least, most = 1, 128 * workers
    best = _size(measured, workers, cores, least, home)
    alone = simulate(measured, workers, cores, 1, home, replicas=10 * SLICE).since(SETTLED)
    enough = alone.in_time - LATER
    while least < most - max(1, least // 20):
        middle = (least + most) // 2
        found = _size(measured, workers, cores, middle, home)
        if found.outcome.in_time >= enough:
            least, best = middle, found
        else:
            most = middle
    return best


def need(measured: Measured, size: Size, people: int) -> Need:
    """Replicas for all, and one in twenty to spare, at least one; fronts by what they compute."""
    replicas = math.ceil(people / size.people)
    replicas += max(1, math.ceil(replicas / 20)) if replicas > 1 or people > 1 else 0
    choosing = size.asked * measured.choice * replicas
    work = (size.keys - size.asked) * measured.front_known + size.asked * measured.front_asked + choosing
    fronts = math.ceil(people * work / BUSY)
    rows = people * KEYS_ACTIVE * ROWS_A_WRITE / WRITE_SECONDS
    fastest = max(measured.rows.values())
    return Need(people, replicas, fronts, choosing / work, rows, rows / (fastest * BUSY))


def simulate(
    measured: Measured, workers: int, cores: float, people: int,
    home: bool = True, deaths: tuple[float, ...] = (), replicas: int = SLICE, seconds: float = SECONDS,
) -> Outcome:  # fmt: skip
    """A slice of a cluster with so many people for each replica."""
    setup = Setup(replicas, workers, cores, fronts=1 + people * replicas // 60, home=home, deaths=deaths)
    return Simulation(measured, setup, people * replicas, lambda draw: naturally(measured, draw)).run(seconds)


def _size(measured: Measured, workers: int, cores: float, people: int, home: bool) -> Size:
    found = simulate(measured, workers, cores, people, home).since(SETTLED)
    everyone = people * SLICE * SECONDS
    return Size(workers, cores, people, found.keys / everyone, found.asked / everyone, found)

"""Replicas: which documents they know, where a document is at home, and what happens when one dies."""

from __future__ import annotations

import random
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b

from .events import Events
from .machine import Machine, Process
from .measured import Measured

PLACES = 64
"""Documents that a worker's cache holds in ``fimble serve`` (`sequences`)."""
SLOTS = 16
"""Requests that a front gives a replica at a time before it asks the next one (`slots`)."""


@dataclass(eq=False)
class Worker:
    """A model, and the documents that it has in its cache, the last one last, each with the seconds of
    reading that are left."""

    process: Process
    left: OrderedDict[str, float] = field(default_factory=OrderedDict)

    def take(self, document: str, unread: float) -> bool:
        """Have a place for the document, of which everything is ``unread`` if it is new; whether it is."""
        new = document not in self.left
        if new:
            self.left[document] = unread
        self.left.move_to_end(document)
        if len(self.left) > PLACES:
            self.left.popitem(last=False)
        return new

    def read(self, document: str, seconds: float) -> None:
        """So much of it was read; what is read stays, also when nobody waits for the answer any more."""
        if document in self.left:
            self.left[document] = max(0.0, self.left[document] - seconds)


class Replica:
    """A server process and its workers, on one machine."""

    def __init__(self, machine: Machine, measured: Measured, workers: int, name: int) -> None:
        self.name, self.alive, self.running = name, True, 0
        self.server = Process(machine)
        self.workers = [Worker(Process(machine, measured.speed)) for _ in range(workers)]

    @property
    def full(self) -> bool:
        return self.running >= SLOTS * len(self.workers)

    def worker_of(self, document: str) -> Worker:
        return self.workers[_score(document, "worker") % len(self.workers)]

    def die(self) -> None:
        self.alive, self.running = False, 0
        for process in (self.server, *(worker.process for worker in self.workers)):
            process.die()
        for worker in self.workers:
            worker.left.clear()


class Routing:
    """``home``: a document's requests go to the same replica as long as it can take them."""

    def __init__(self, replicas: list[Replica], draw: random.Random, home: bool = True) -> None:
        self._replicas, self._draw, self._home = replicas, draw, home
        self._lines: dict[str, list[Replica]] = {}

    def choose(self, document: str) -> Replica | None:
        """Who is asked; None while all are dead."""
        line = self._line(document) if self._home else self._draw.sample(self._replicas, len(self._replicas))
        alive = [replica for replica in line if replica.alive]
        return next((replica for replica in alive if not replica.full), alive[0] if alive else None)

    def _line(self, document: str) -> list[Replica]:
        """The replicas in the document's own order (rendezvous hashing)."""
        if document not in self._lines:
            self._lines[document] = sorted(self._replicas, key=lambda each: _score(document, str(each.name)))
        return self._lines[document]


def _score(document: str, name: str) -> int:
    return int.from_bytes(blake2b(f"{document} {name}".encode(), digest_size=8).digest())


def kill(events: Events, replica: Replica, at: float, back_after: float, lost: Callable[[], None]) -> None:
    """Let the replica die at a moment; ``lost`` hears of it. It is back after so many seconds."""

    def die() -> None:
        replica.die()
        lost()
        events.at(events.now + back_after, come_back)

    def come_back() -> None:
        replica.alive = True

    events.at(at, die)

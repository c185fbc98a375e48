"""One request after the other through front, replica and worker, as the real ones do it."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from .events import Events
from .keys import Key
from .machine import Job, Machine, Process
from .measured import MEMORY, Measured
from .replicas import Replica, Routing, Worker, kill


@dataclass(frozen=True, slots=True)
class Setup:
    """``fronts`` of them, and ``replicas`` of ``workers`` each. ``cores`` are those of a replica's machine;
    with ``together`` everything runs on one machine that has so many, with the program that types. Without
    ``home`` a request goes to any replica. ``deaths`` are seconds at which replicas die, in turn."""

    replicas: int
    workers: int = 1
    cores: float = 1.0
    fronts: int = 1
    home: bool = True
    together: bool = False
    deaths: tuple[float, ...] = ()


@dataclass(slots=True)
class Outcome:
    """``waits`` are the moments of keys that were answered, with the seconds until then; ``late`` those of
    keys that had no answer when the next one came; ``open`` are those that still wait. ``asked`` counts what
    replicas were asked, ``cold`` what they had not read before, ``moved`` what another one was asked because
    the first had died. ``busy`` is the part of the time that fronts and workers were, on average."""

    keys: int = 0
    waits: list[tuple[float, float]] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    open: int = 0
    asked: int = 0
    cold: int = 0
    moved: int = 0
    busy: dict[str, float] = field(default_factory=dict)

    @property
    def in_time(self) -> float:
        """The share of keys that were answered before the next one."""
        return len(self.waits) / max(1, len(self.waits) + len(self.late))

    def since(self, moment: float, until: float = math.inf) -> Outcome:
        """The same of the keys from one moment on, up to another one."""
        waits = [(at, wait) for at, wait in self.waits if moment <= at < until]
        late = [at for at in self.late if moment <= at < until]
        return replace(self, waits=waits, late=late)


class _Request:
    """What a key asks for, until it is answered or the next key comes."""

    def __init__(self, person: _Person, at: float, seconds: float) -> None:
        self.person, self.at, self.seconds = person, at, seconds
        self.document = f"{person.number}/{person.document}"
        self.job: Job | None = None
        self.process: Process | None = None
        self.replica: Replica | None = None
        self.worker: Worker | None = None

    def work(self, process: Process, seconds: float, then: Callable[[], None]) -> None:
        self.process, self.job = process, process.start(seconds, then)

    def leave(self) -> None:
        """Stop whatever is done for it."""
        if self.job is not None and self.process is not None and self.job.open:
            if self.worker is not None:
                self.worker.read(self.document, self.process.done_of(self.job))
            self.process.drop(self.job)
        self.free()

    def free(self) -> None:
        """The replica has one request less."""
        if self.replica is not None and self.replica.alive:
            self.replica.running -= 1
        self.replica = None


@dataclass(eq=False, slots=True)
class _Person:
    number: int
    keys: Iterator[Key]
    document: int = 0
    request: _Request | None = None
    heard: bool = False
    """Whether the model's last answer arrived, so that what follows is known."""


class Simulation:
    """People who type at a cluster. ``typing`` gives each one's keys."""

    def __init__(
        self, measured: Measured, setup: Setup, people: int,
        typing: Callable[[random.Random], Iterator[Key]], seed: int = 1,
    ) -> None:  # fmt: skip
        self._measured, self._setup = measured, setup
        self._draw = random.Random(seed)
        self._events, self.outcome = Events(), Outcome()
        self._build()
        self._warm = [each for keys in measured.typed for each in keys[1:] if each != MEMORY]
        self._routing = Routing(self._replicas, self._draw, setup.home)
        self._people = [_Person(n, typing(random.Random(f"{seed} {n}"))) for n in range(people)]

    def run(self, seconds: float) -> Outcome:
        for person in self._people:
            self._events.at(next(person.keys).gap * self._draw.random(), self._press(person))
        for number, moment in enumerate(self._setup.deaths):
            replica = self._replicas[number % len(self._replicas)]
            lost = self._lost(replica)
            kill(self._events, replica, moment, self._measured.start, lost)
        self._events.run(seconds)
        self.outcome.open = sum(person.request is not None for person in self._people)
        self._note_busy(seconds)
        return self.outcome

    def _build(self) -> None:
        setup, measured = self._setup, self._measured
        crowded = measured.crowded
        shared = Machine(self._events, setup.cores, crowded) if setup.together else None

        def machine(cores: float) -> Machine:
            return shared or Machine(self._events, cores, crowded if cores > 1 else 1.0)

        self._typists = Process(shared) if shared else None
        self._fronts = [Process(machine(1.0)) for _ in range(setup.fronts)]
        self._replicas = [
            Replica(machine(setup.cores), measured, setup.workers, n) for n in range(setup.replicas)
        ]

    def _press(self, person: _Person) -> Callable[[], None]:
        def press() -> None:
            key = next(person.keys)
            self.outcome.keys += 1
            if person.request is not None:
                self.outcome.late.append(person.request.at)
                person.request.leave()
            if key.first:
                person.document += 1
            self._ask(person, key)
            self._events.at(self._events.now + key.gap, press)

        return press

    def _ask(self, person: _Person, key: Key) -> None:
        seconds = key.seconds
        if key.first or (seconds == MEMORY and not person.heard):  # the answer before was never made
            seconds = self._draw.choice(self._warm)
        request = person.request = _Request(person, self._events.now, seconds)
        if seconds != MEMORY:
            person.heard = False
        if self._typists is None:
            self._at_front(request)
        else:
            request.work(self._typists, self._measured.person, lambda: self._at_front(request))

    def _at_front(self, request: _Request) -> None:
        front = self._fronts[request.person.number % len(self._fronts)]
        if request.seconds == MEMORY:
            request.work(front, self._measured.front_known, lambda: self._answer(request))
        else:
            seconds = self._measured.front_asked + self._measured.choice * len(self._replicas)
            request.work(front, seconds, lambda: self._route(request))

    def _route(self, request: _Request) -> None:
        replica = self._routing.choose(request.document)
        if replica is None:
            request.job = None  # it waits until a replica is back; its next key asks again
            return
        self.outcome.asked += 1
        replica.running += 1
        request.replica = replica
        request.work(replica.server, self._measured.server, lambda: self._at_worker(request))

    def _at_worker(self, request: _Request) -> None:
        assert request.replica is not None
        worker = request.worker = request.replica.worker_of(request.document)
        self.outcome.cold += worker.take(request.document, self._draw.choice(self._measured.cold))
        seconds = request.seconds + worker.left[request.document]
        request.work(worker.process, seconds, lambda: self._answer(request))

    def _answer(self, request: _Request) -> None:
        if request.worker is not None:
            request.worker.read(request.document, math.inf)
        request.free()
        person = request.person
        person.request, person.heard = None, True
        self.outcome.waits.append((request.at, self._events.now - request.at))

    def _lost(self, dead: Replica) -> Callable[[], None]:
        def ask_others() -> None:
            for person in self._people:
                request = person.request
                if request is not None and request.replica is dead:
                    self.outcome.moved += 1
                    request.replica = request.worker = None
                    self._route(request)

        return ask_others

    def _note_busy(self, seconds: float) -> None:
        """The part of the time that each kind of process was busy."""

        def share(processes: Iterable[Process]) -> float:
            found = [process.busy_seconds / seconds for process in processes]
            return sum(found) / len(found)

        self.outcome.busy = {
            "front": share(self._fronts),
            "worker": share(w.process for replica in self._replicas for w in replica.workers),
        }

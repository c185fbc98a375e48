"""Machines whose processes share processors, and processes whose jobs share them."""

from __future__ import annotations

import heapq
from collections.abc import Callable

from .events import Action, Events

_CLOSE = 1e-9
"""Seconds of work that count as none: sums of floating-point numbers do not meet exactly."""


class Job:
    """Work in a process, between two values of what each of its jobs has got. ``open``: neither done nor
    dropped yet."""

    __slots__ = ("begins", "done", "ends", "open")

    def __init__(self, begins: float, ends: float, done: Action) -> None:
        self.begins, self.ends, self.done, self.open = begins, ends, done, True

    def __lt__(self, other: Job) -> bool:
        return self.ends < other.ends


class Process:
    """Works on all its jobs at a time, each getting the same part of it (processor sharing).

    ``speed(n)`` is how much it gets done with ``n`` jobs, where with one it is 1: a model that decodes
    several sequences in one call does more than one job's work. Work is in seconds of a processor.
    """

    def __init__(self, machine: Machine, speed: Callable[[int], float] = lambda jobs: 1.0) -> None:
        self._machine, self._speed = machine, speed
        self._heap: list[Job] = []
        self.jobs = 0
        self.busy_seconds = 0.0
        self._given = 0.0  # what each job has got that was there from the beginning
        machine.processes.append(self)

    def start(self, work: float, done: Action) -> Job:
        """``done`` is called at the work's end."""
        self._machine.advance()
        job = Job(self._given, self._given + work, done)
        heapq.heappush(self._heap, job)
        self.jobs += 1
        self._machine.look_ahead()
        return job

    def drop(self, job: Job) -> None:
        """Nobody waits for it any more; nothing, if it is done."""
        if job.open:
            self._machine.advance()
            job.open = False
            self.jobs -= 1
            self._machine.look_ahead()

    def done_of(self, job: Job) -> float:
        """How much of an open job's work is done."""
        self._machine.advance()
        return self._given - job.begins

    def die(self) -> None:
        """Lose all jobs."""
        self._machine.advance()
        for job in self._heap:
            job.open = False
        self._heap, self.jobs = [], 0
        self._machine.look_ahead()

    def work(self, seconds: float, share: float) -> None:
        """Go on for so long, with that share of a processor."""
        self._given += seconds * self._rate(share)
        self.busy_seconds += seconds * share

    def next_in(self, share: float) -> float:
        """Seconds until its next job ends."""
        while not self._heap[0].open:
            heapq.heappop(self._heap)
        return max(0.0, self._heap[0].ends - self._given) / self._rate(share)

    def finished(self) -> list[Job]:
        """Take out the jobs that are done."""
        found = []
        while self._heap and (not self._heap[0].open or self._heap[0].ends <= self._given + _CLOSE):
            job = heapq.heappop(self._heap)
            if job.open:
                job.open = False
                self.jobs -= 1
                found.append(job)
        return found

    def _rate(self, share: float) -> float:
        return share * self._speed(self.jobs) / self.jobs


class Machine:
    """Processes of one thread each, which share ``cores``. ``crowded`` is how much longer work takes while
    all of them are busy, since they share what is around them."""

    def __init__(self, events: Events, cores: float, crowded: float = 1.0) -> None:
        self._events, self._cores, self._crowded = events, cores, crowded
        self.processes: list[Process] = []
        self._seen_at = 0.0
        self._plan = 0

    def advance(self) -> None:
        """Let everybody work until now."""
        seconds, self._seen_at = self._events.now - self._seen_at, self._events.now
        if seconds:
            busy = self._busy()
            for process in busy:
                process.work(seconds, self._share(busy))

    def look_ahead(self) -> None:
        """Find out what ends next, after what has changed now."""
        self._plan += 1
        if busy := self._busy():
            plan, share = self._plan, self._share(busy)
            soonest = min(process.next_in(share) for process in busy)
            self._events.at(self._events.now + soonest, lambda: self._end_jobs(plan))

    def _end_jobs(self, plan: int) -> None:
        if plan != self._plan:
            return
        self.advance()
        ended = [job for process in self.processes for job in process.finished()]
        self.look_ahead()
        for job in ended:
            job.done()

    def _busy(self) -> list[Process]:
        return [process for process in self.processes if process.jobs]

    def _share(self, busy: list[Process]) -> float:
        share = min(1.0, self._cores / len(busy))
        return share if len(busy) < self._cores else share / self._crowded

"""Processes share their machine's processors as theory says."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.scale.events import Events
from bench.scale.machine import Job, Machine, Process

WORK = st.lists(st.tuples(st.floats(0, 5), st.floats(0.01, 2)), min_size=1, max_size=20)


def _ends(cores: float, jobs: list[tuple[int, float, float]], speed: Callable[[int], float]) -> list[float]:
    """When each job ends: its process, when it begins, and its work."""
    events = Events()
    machine = Machine(events, cores)
    processes = [Process(machine, speed) for _ in range(1 + max(each for each, _, _ in jobs))]
    ends = [0.0] * len(jobs)
    for number, (process, at, work) in enumerate(jobs):

        def end(number: int = number) -> None:
            ends[number] = events.now

        def begin(process: int = process, work: float = work, end: Callable[[], None] = end) -> None:
            processes[process].start(work, end)

        events.at(at, begin)
    events.run(10_000)
    return ends


def test_one_job_takes_its_work() -> None:
    assert _ends(1, [(0, 1.0, 2.0)], lambda n: 1.0) == [pytest.approx(3.0)]


def test_two_jobs_of_a_process_share_it_and_two_processes_have_a_core_each() -> None:
    assert _ends(2, [(0, 0.0, 1.0), (0, 0.0, 1.0)], lambda n: 1.0) == [pytest.approx(2.0)] * 2
    assert _ends(2, [(0, 0.0, 1.0), (1, 0.0, 1.0)], lambda n: 1.0) == [pytest.approx(1.0)] * 2
    assert _ends(1, [(0, 0.0, 1.0), (1, 0.0, 1.0)], lambda n: 1.0) == [pytest.approx(2.0)] * 2


def test_a_model_does_more_at_a_time() -> None:
    assert _ends(1, [(0, 0.0, 1.0), (0, 0.0, 1.0)], lambda n: 1.0 + (n > 1)) == [pytest.approx(1.0)] * 2


@given(WORK)
def test_a_processor_is_never_idle_and_never_does_more_than_it_can(work: list[tuple[float, float]]) -> None:
    """All is done when the last of it could be done first come, first served, in whatever order."""
    expected = 0.0
    for at, seconds in sorted(work):
        expected = max(expected, at) + seconds
    ends = _ends(1, [(0, at, seconds) for at, seconds in work], lambda n: 1.0)
    assert max(ends) == pytest.approx(expected)
    assert all(end >= at + seconds - 1e-6 for end, (at, seconds) in zip(ends, work, strict=True))


def test_waiting_is_as_long_as_queueing_theory_says() -> None:
    """M/M/1 with processor sharing: the mean time in the system is S / (1 - load)."""
    draw, events = random.Random(7), Events()
    process, service, load = Process(Machine(events, 1)), 0.02, 0.6
    waits: list[float] = []

    def arrive() -> None:
        began = events.now
        process.start(draw.expovariate(1 / service), lambda: waits.append(events.now - began))
        events.at(events.now + draw.expovariate(load / service), arrive)

    events.at(0, arrive)
    events.run(1500)
    assert sum(waits) / len(waits) == pytest.approx(service / (1 - load), rel=0.05)
    assert process.busy_seconds / 1500 == pytest.approx(load, rel=0.05)


@given(WORK, st.lists(st.floats(0, 6), max_size=10))
def test_dropped_work_leaves_the_rest(work: list[tuple[float, float]], drops: list[float]) -> None:
    events = Events()
    process = Process(Machine(events, 1))
    jobs: list[Job] = []
    done: list[int] = []
    for number, (at, seconds) in enumerate(work):
        events.at(
            at, lambda n=number, s=seconds: jobs.append(process.start(s, lambda: done.append(n)))  # type: ignore[misc]
        )  # fmt: skip
    dropped = 0

    def drop() -> None:
        nonlocal dropped
        open_jobs = [job for job in jobs if job.open]
        if open_jobs:
            process.drop(open_jobs[0])
            dropped += 1

    for at in drops:
        events.at(at, drop)
    events.run(1000)
    assert len(done) + dropped == len(work)
    assert process.jobs == 0

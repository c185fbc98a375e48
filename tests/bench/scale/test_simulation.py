"""Every key is answered, late or open, and what routing and deaths do is what they should."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.scale.keys import Key, naturally, steadily
from bench.scale.measured import MEMORY, Measured, load
from bench.scale.simulation import Outcome, Setup, Simulation
from bench.scale.sizing import need, people_of

MADE_UP = Measured(
    machine="none", typed=[[0.02, MEMORY, 0.004, MEMORY, MEMORY, 0.006] * 4], cold=[0.1], batch=[(1, 1.0)],
    crowded=1.0,
    front_known=0.0002, front_asked=0.001, server=0.001, person=0.0001, choice=1e-6, start=2.0,
    rows={"sqlite": 1000.0},
)  # fmt: skip


def simulated(people: int, setup: Setup, seconds: float = 12.0, seed: int = 1) -> Outcome:
    def typing(draw: random.Random) -> Iterator[Key]:
        return naturally(MADE_UP, draw)

    return Simulation(MADE_UP, setup, people, typing, seed).run(seconds)


@settings(max_examples=25)
@given(
    people=st.integers(1, 25), replicas=st.integers(1, 4), workers=st.integers(1, 3), home=st.booleans(),
    together=st.booleans(), deaths=st.lists(st.floats(0, 5), max_size=4), seed=st.integers(0, 99),
)  # fmt: skip
def test_nothing_is_lost(
    people: int, replicas: int, workers: int, home: bool, together: bool, deaths: list[float], seed: int
) -> None:
    setup = Setup(replicas, workers, 1.0, home=home, together=together, deaths=tuple(sorted(deaths)))
    found = simulated(people, setup, 6.0, seed)
    assert len(found.waits) + len(found.late) + found.open == found.keys
    assert all(wait >= 0 for _, wait in found.waits)
    assert found.cold <= found.asked
    assert all(0 <= part <= 1 + 1e-9 for part in found.busy.values())


def test_the_same_seed_types_the_same() -> None:
    assert simulated(20, Setup(2)).waits == simulated(20, Setup(2)).waits
    assert simulated(20, Setup(2)).waits != simulated(20, Setup(2), seed=2).waits


def test_a_document_at_home_is_read_once() -> None:
    home, anywhere = simulated(30, Setup(3)), simulated(30, Setup(3, home=False))
    assert home.cold / home.asked < 0.6 * anywhere.cold / anywhere.asked


def test_more_people_are_later_and_more_replicas_are_not() -> None:
    few, many, spread = simulated(10, Setup(1)), simulated(120, Setup(1)), simulated(120, Setup(8))
    assert few.in_time > many.in_time + 0.1
    assert spread.in_time > many.in_time + 0.1


def test_a_death_moves_what_was_under_way_and_nobody_waits_for_ever() -> None:
    busy = simulated(60, Setup(2, deaths=(5.0,)))
    assert busy.moved > 0
    after = [at for at, _ in busy.waits if at > 5.0]
    assert len(after) > 0.5 * len([at for at, _ in busy.waits if at <= 5.0])


def test_while_all_are_dead_nobody_is_answered_by_them() -> None:
    setup = Setup(1, deaths=(4.0,))
    found = simulated(10, setup)
    dead = [wait for at, wait in found.waits if 4.1 < at < 5.9]
    assert all(wait < 0.002 for wait in dead)  # from memory
    assert found.since(4.1, 5.9).in_time < found.since(0, 4.0).in_time


def test_a_slice_stands_for_the_whole() -> None:
    part, whole = simulated(48, Setup(4, fronts=4)), simulated(192, Setup(16, fronts=16))
    assert part.since(4.0).in_time == pytest.approx(whole.since(4.0).in_time, abs=0.03)


def test_keys_at_equal_intervals_come_at_equal_intervals() -> None:
    keys = steadily(MADE_UP, random.Random(1), 0.12)
    found = [next(keys) for _ in range(100)]
    assert {key.gap for key in found} == {0.12}
    assert sum(key.first for key in found) == 5


def test_needs_grow_with_people_and_the_least_is_shared() -> None:
    size = people_of(replace(MADE_UP, choice=0.0), 1, 1.2)
    needs = [need(MADE_UP, size, people) for people in (100, 1_000, 10_000)]
    assert size.people >= 5
    assert [each.replicas for each in needs] == sorted(each.replicas for each in needs)
    assert all(each.replicas * size.people >= each.people for each in needs)
    assert needs[-1].databases > 1
    assert needs[-1].short == "database"


def test_what_was_measured_is_kept_and_sound() -> None:
    found = load()
    assert [number for number, _ in found.batch] == sorted(number for number, _ in found.batch)
    assert found.speed(1) == 1.0
    assert all(found.speed(number) >= 1.0 for number in range(1, 100))
    assert all(seconds >= MEMORY for keys in found.typed for seconds in keys)
    assert 0 < found.front_known < found.front_asked

"""The load generator, in a time of its own: when keys come, what is late, what is counted."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from bench.clients import Answer
from bench.load import Load
from bench.people import Clock, Typist, dropping, typed, waiting
from bench.replay import Passage
from bench.sheet import Sheet
from tests.engine.virtual_time import run

KEY = 0.125
PLACES = [Passage(name, "", "xy\n", "\n") for name in "abcde"]


@dataclass
class Slow:
    """A server that takes so many seconds for each answer, over and over; None refuses."""

    seconds: list[float | None]
    asked: list[float] = field(default_factory=list)
    closed: int = 0

    async def ask(self, sheet: Sheet) -> Answer | None:
        taken = self.seconds[len(self.asked) % len(self.seconds)]
        self.asked.append(asyncio.get_running_loop().time())
        try:
            await asyncio.sleep(taken or 0)
        except asyncio.CancelledError:
            self.closed += 1
            raise
        return None if taken is None else Answer(engine_ms=10.0, known=taken == 0)


def load(typist: Typist, client: Slow, seconds: float) -> Load:
    async def type_() -> Load:
        load = Load(1)
        await typist(load, Clock(seconds, KEY), 0.0, client, typed(PLACES, 0, 1))
        return load

    return run(type_())


def test_who_waits_types_the_next_key_when_the_answer_is_there() -> None:
    client = Slow([0.0625, 0.5])
    result = load(waiting, client, 1.25)
    assert client.asked == [0.0, 0.125, 0.625, 0.75]
    assert result.latencies == pytest.approx([62.5, 500, 62.5, 500])
    assert result.outside == pytest.approx([52.5, 490, 52.5, 490])
    assert client.closed == 0


def test_who_drops_types_on_and_closes_what_is_late() -> None:
    client = Slow([0.0625, 0.5, 0.5, 0.0])
    result = load(dropping, client, 0.5)
    assert client.asked == [0.0, 0.125, 0.25, 0.375]
    assert client.closed == 2
    assert [answered for _, answered in result.keys] == [True, False, False, True]
    assert result.in_time() == 0.5
    assert result.in_time(0.25) == 0.5
    assert result.in_time(0.375) == 1.0
    assert result.known_share == 0.5


def test_a_refusal_is_no_answer() -> None:
    result = load(dropping, Slow([None, 0.0]), 0.5)
    assert result.refusals == 0.5
    assert result.in_time() == 0.5
    assert len(result.latencies) == 2


def test_what_goes_wrong_in_a_request_is_not_kept_quiet() -> None:
    class Broken:
        async def ask(self, sheet: Sheet) -> Answer | None:
            raise ConnectionError

    async def type_() -> None:
        await dropping(Load(1), Clock(0.5, KEY), 0.0, Broken(), typed(PLACES, 0, 1))

    with pytest.raises(ConnectionError):
        run(type_())


def test_everybody_types_in_files_of_their_own() -> None:
    def names(texts: Iterator[Sheet], keys: int) -> list[str]:
        return [next(texts).name.rpartition("/")[2] for _ in range(keys)]

    assert names(typed(PLACES, 0, 2), 7) == ["a", "a", "a", "c", "c", "c", "e"]
    assert names(typed(PLACES, 1, 2), 7) == ["b", "b", "b", "d", "d", "d", "a"]


def test_a_load_of_nothing_has_figures_too() -> None:
    empty = Load(1)
    assert (empty.rate, empty.refusals, empty.known_share, empty.latency(0.5), empty.in_time()) == (0,) * 5

"""What is taken for a worker that hangs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import chain, count, repeat

import pytest

from fimble.engine.limits import HUNG_PINGS, OPEN_PINGS, PING_SECONDS, START_PINGS, STEP_PINGS
from fimble.engine.workers.messages import Pong
from fimble.engine.workers.watch import Watch, Watched

from .virtual_time import run

HOUR = 3_600


def pings_until_it_hangs(answers: Iterator[Pong | None], *, opening: bool = False) -> int | None:
    """After the time of how many pings a worker with these answers is taken for one that hangs, within an
    hour. The answer None is none."""

    async def watch_for_an_hour() -> int | None:
        began, ends = asyncio.get_running_loop().time(), asyncio.Event()

        def ping() -> None:
            if (answer := next(answers)) is not None:
                watch.heard(answer)

        watch = Watch(Watched(lambda: True, lambda: opening, ping, lambda why: ends.set()))
        watch.begin()
        try:
            await asyncio.wait_for(ends.wait(), HOUR)
        except TimeoutError:
            return None
        finally:
            watch.stop()
        return round((asyncio.get_running_loop().time() - began) / PING_SECONDS) - 1

    return run(watch_for_an_hour())


def test_one_that_makes_tokens_does_not_hang() -> None:
    assert pings_until_it_hangs(Pong(n, 0) for n in count()) is None


def test_one_that_does_not_answer_hangs() -> None:
    assert pings_until_it_hangs(repeat(None)) == START_PINGS
    assert pings_until_it_hangs(chain([Pong(0, 0)], repeat(None))) == HUNG_PINGS + 1


def test_one_that_is_slow_to_answer_is_asked_once_at_a_time() -> None:
    async def answer_late() -> tuple[int, list[str]]:
        asked, hung = list[int](), list[str]()
        watch = Watch(Watched(lambda: True, lambda: False, lambda: asked.append(1), hung.append))
        watch.begin()
        for steps in range(100):
            await asyncio.sleep((HUNG_PINGS - 2) * PING_SECONDS)
            for _ in asked[steps:]:
                watch.heard(Pong(steps, 0))
        watch.stop()
        return len(asked), hung

    assert run(answer_late()) == (100, [])


def test_one_that_answers_and_does_nothing_hangs() -> None:
    assert pings_until_it_hangs(repeat(Pong(1, 1.0))) == HUNG_PINGS + 1


@pytest.mark.parametrize(("opening", "most"), [(False, STEP_PINGS), (True, OPEN_PINGS)])
def test_one_that_computes_may_take_long_for_a_step_but_not_for_ever(opening: bool, most: int) -> None:
    assert most > 10 * HUNG_PINGS
    answers = (Pong(1, 0.01 * n) for n in count())
    assert pings_until_it_hangs(answers, opening=opening) == most + 1


def test_nothing_is_asked_of_one_of_whom_nothing_is_wanted() -> None:
    async def idle() -> int:
        asked = list[int]()
        watch = Watch(Watched(lambda: False, lambda: False, lambda: asked.append(1), lambda why: None))
        watch.begin()
        await asyncio.sleep(10 * PING_SECONDS)
        return len(asked)

    assert run(idle()) == 0


def test_a_sleep_of_the_whole_computer_is_not_the_workers_fault() -> None:
    async def sleep() -> bool:
        hung = list[str]()
        watch = Watch(Watched(lambda: True, lambda: False, lambda: None, hung.append))
        watch.begin()
        await asyncio.sleep(PING_SECONDS)
        asyncio.get_running_loop().now += HOUR  # type: ignore[attr-defined]
        await asyncio.sleep(PING_SECONDS)
        watch.stop()
        return bool(hung)

    assert run(sleep()) is False


def test_what_others_ask_does_not_make_a_busy_one_look_stuck() -> None:
    """Asked a hundred times during one long step, it has got on between none of them."""

    async def ask_often() -> list[str]:
        hung = list[str]()
        computed = count()
        watch = Watch(
            Watched(
                lambda: True, lambda: False, lambda: watch.heard(Pong(0, float(next(computed)))), hung.append
            )
        )
        watch.begin()
        for _ in range(STEP_PINGS // 2):
            await asyncio.sleep(PING_SECONDS)
            for _ in range(100):
                watch.heard(Pong(0, 0.0))
        watch.stop()
        return hung

    assert run(ask_often()) == []

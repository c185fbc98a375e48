"""Whatever sources do, one answer comes, or one error, and every source that was asked is closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.errors import FimbleError, InvalidRequest, Overloaded, UpstreamUnavailable
from fimble.engine.types import Delta
from fimble.engine.upstreams.race import AWAY, ELSEWHERE, Attempt, first_to_speak

from ..virtual_time import run

What = Literal["speaks", "away", "much", "wrong", "breaks off", "ends"]
ERRORS: dict[str, type[FimbleError]] = {
    "away": UpstreamUnavailable, "much": Overloaded, "wrong": InvalidRequest,
}  # fmt: skip


@dataclass
class Source:
    """Does something after so many seconds; may be asked after ``patience`` seconds of the one before."""

    what: What
    after: float
    patience: float | None
    stands_in: bool
    log: list[str] = field(default_factory=list)

    async def answer(self, name: str) -> AsyncGenerator[Delta]:
        self.log.append("asked")
        try:
            await asyncio.sleep(self.after)
            if self.what in ERRORS:
                raise ERRORS[self.what]("no")
            if self.what == "ends":
                return
            yield Delta(name)
            if self.what == "breaks off":
                raise UpstreamUnavailable("broke off")
            yield Delta(name, "stop")
        finally:
            self.log.append("closed")


SOURCES = st.builds(
    Source,
    st.sampled_from(["speaks", "away", "much", "wrong", "breaks off", "ends"]),
    st.sampled_from([0.0, 0.5, 1.0, 3.0]),
    st.sampled_from([None, 0.2, 0.7, 2.0]),
    st.booleans(),
)


@given(st.lists(SOURCES, min_size=1, max_size=5), st.sampled_from([None, 0.1, 0.6, 2.5]))
def test_one_answer_or_one_error(sources: list[Source], given_up_after: float | None) -> None:
    heard: list[Delta] = []

    async def listen() -> None:
        attempts = [
            Attempt(
                lambda n=n, each=each: each.answer(str(n)),  # type: ignore[misc]
                each.patience,
                stands_in_for=AWAY if each.stands_in else ELSEWHERE,
            )
            for n, each in enumerate(sources)
        ]
        async for delta in first_to_speak(attempts):
            heard.append(delta)

    async def race() -> None:
        error: BaseException | None = None
        try:
            async with asyncio.timeout(given_up_after):
                await listen()
        except (FimbleError, TimeoutError) as failed:
            error = failed
        await asyncio.sleep(0)
        assert len({delta.text for delta in heard}) <= 1
        whole = bool(heard) and heard[-1].finish_reason == "stop"
        silent_end = any(each.what == "ends" for each in sources)
        assert whole or error is not None or silent_end
        for each in sources:
            assert each.log in ([], ["asked", "closed"])
        assert sources[0].log

    run(race())


@given(st.lists(st.sampled_from([0.0, 0.05, 0.2]), min_size=2, max_size=4))
def test_who_is_cancelled_twice_leaves_nothing_behind(closing: list[float]) -> None:
    """As a request whose client hangs up while a newer one takes its place."""
    closed: list[int] = []

    async def silent(number: int) -> AsyncGenerator[Delta]:
        try:
            await asyncio.sleep(100)
            yield Delta("never")
        finally:
            closed.append(number)
            await asyncio.sleep(closing[number])
            raise Overloaded("A newer request took this one's place.")

    async def listen() -> None:
        attempts = [Attempt(lambda n=n: silent(n), 0.1) for n in range(len(closing))]  # type: ignore[misc]
        async for _ in first_to_speak(attempts):
            pass

    async def leave() -> None:
        task = asyncio.ensure_future(listen())
        await asyncio.sleep(1.0)
        task.cancel()
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait([task])
        assert sorted(closed) == list(range(len(closing)))

    run(leave())


@given(st.lists(SOURCES, min_size=1, max_size=5))
def test_an_answer_that_there_is_comes(sources: list[Source]) -> None:
    """When all but the last are away, the last one answers, however late it is."""
    for each in sources[:-1]:
        each.what = "away"
    sources[-1].what = "speaks"
    heard: list[str] = []

    async def race() -> None:
        attempts = [
            Attempt(lambda n=n, each=each: each.answer(str(n)), each.patience, stands_in_for=AWAY)  # type: ignore[misc]
            for n, each in enumerate(sources)
        ]
        heard.extend([delta.text async for delta in first_to_speak(attempts)])

    run(race())
    assert heard == [str(len(sources) - 1)] * 2

"""What a replica says arrives whole and in order, in messages that are few and do not tarry."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.cluster.bundles import bundled, unbundled
from fimble.engine.cluster.limits import BUNDLE_SECONDS, SIGN_SECONDS
from fimble.engine.errors import FimbleError, FrameError, Overloaded
from fimble.engine.types import Delta
from fimble.engine.workers.messages import Ended, Piece, Reply, Working

from ..virtual_time import run

PAUSES = st.lists(st.sampled_from([0.0, 0.001, 0.01, 0.4, 2.0]), max_size=30)


async def _said(pauses: list[float], error: FimbleError | None = None) -> AsyncGenerator[Reply]:
    for number, pause in enumerate(pauses):
        await asyncio.sleep(pause)
        yield Piece(0, Delta(str(number)))
    if error is not None:
        raise error


def _messages(pauses: list[float], error: FimbleError | None = None) -> list[tuple[float, list[Reply]]]:
    """Each message with the moment at which it was sent."""

    async def listen() -> list[tuple[float, list[Reply]]]:
        clock = asyncio.get_running_loop().time
        return [(clock(), [*unbundled(data)]) async for data in bundled(_said(pauses, error))]

    return run(listen())


def _texts(replies: list[Reply]) -> list[str]:
    return [reply.delta.text for reply in replies if isinstance(reply, Piece)]


@given(PAUSES, st.sampled_from([None, Overloaded("Too much.")]))
def test_all_arrives_in_order_and_then_how_it_ended(pauses: list[float], error: FimbleError | None) -> None:
    replies = [reply for _, message in _messages(pauses, error) for reply in message]
    assert _texts(replies) == [str(number) for number in range(len(pauses))]
    last = replies[-1]
    assert isinstance(last, Ended)
    assert (last.error is None) == (error is None)
    assert sum(isinstance(reply, Ended) for reply in replies) == 1


@given(PAUSES)
def test_no_piece_waits_long_and_no_silence_is_long(pauses: list[float]) -> None:
    made, now = [], 0.0
    for pause in pauses:
        now += pause
        made.append(now)
    messages = _messages(pauses)
    heard = [at for at, message in messages for _ in _texts(message)]
    assert all(at - since <= BUNDLE_SECONDS + 1e-9 for at, since in zip(heard, made, strict=True))
    moments = [0.0, *(at for at, _ in messages)]
    longest = max((b - a for a, b in pairwise(moments)), default=0.0)
    assert longest <= SIGN_SECONDS + BUNDLE_SECONDS + 1e-9


def test_a_long_answer_takes_few_messages() -> None:
    messages = _messages([0.001] * 1000)
    assert len(messages) < 150
    assert len(messages[0][1]) == len(messages[1][1]) == 1


def test_a_slow_model_gives_signs_of_life() -> None:
    messages = _messages([1.8])
    assert [message for _, message in messages[:3]] == [[Working(0)]] * 3


def test_who_leaves_stops_what_is_said() -> None:
    stopped: list[bool] = []

    async def endless() -> AsyncGenerator[Reply]:
        try:
            while True:
                yield Piece(0, Delta("x"))
                await asyncio.sleep(0.001)
        finally:
            stopped.append(True)

    async def leave() -> None:
        messages = bundled(endless())
        await anext(messages)
        await messages.aclose()

    run(leave())
    assert stopped == [True]


@given(st.binary(min_size=1, max_size=60))
def test_bytes_that_are_no_message_are_refused(data: bytes) -> None:
    with pytest.raises(FrameError):
        [*unbundled(data)]

"""Workers with the fake model, for tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable

from fimble.engine.types import Delta, FimRequest
from fimble.engine.workers.worker import Worker

Make = Callable[..., Worker]


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition that a process or thread brings about."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.001)


def request(prefix: str = "x = ") -> FimRequest:
    return FimRequest(prefix, "", mode="line", max_tokens=100)


async def read(deltas: AsyncGenerator[Delta]) -> str:
    return "".join([delta.text async for delta in deltas])


async def text_of(worker: Worker, request: FimRequest) -> str:
    return await read(worker.run(request))


async def text(worker: Worker, prefix: str = "x = ") -> str:
    return await text_of(worker, request(prefix))

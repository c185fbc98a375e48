"""Several answers to one request, made at the same time: they share the reading of their prompt."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Iterable, Sequence
from typing import Any, TypeVar

T = TypeVar("T")


async def together(works: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """All results, in the order of ``works``. When one fails, or nobody waits any more, all of them end."""
    works = list(works)
    if len(works) == 1:  # the usual case needs no task
        return [await works[0]]
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work) for work in works]
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return [task.result() for task in tasks]


async def in_order(streams: Sequence[AsyncGenerator[T]]) -> AsyncGenerator[T]:
    """The items of all streams, one stream after the other, while all of them are under way. Closing it
    closes them.

    A turn of the engine goes on by itself once it has begun (:mod:`fimble.engine.turns`), so each stream is
    asked for its first item at once.
    """
    firsts = [asyncio.create_task(_first(stream)) for stream in streams]
    try:
        for first, stream in zip(firsts, streams, strict=True):
            for item in await first:
                yield item
            async for item in stream:
                yield item
    finally:
        for first in firsts:
            first.cancel()
        await asyncio.gather(*firsts, return_exceptions=True)
        for stream in streams:
            await stream.aclose()


async def _first(stream: AsyncGenerator[T]) -> list[T]:
    """The first item, if there is one."""
    async for item in stream:
        return [item]
    return []

"""One request on its way: it waits for its turn, then runs, while its pieces go to whoever asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Generic, TypeVar

from .errors import FimbleError, Superseded
from .scheduler import Scheduler, Ticket
from .types import ChatRequest, Delta, FimRequest, Request, TextRequest

R = TypeVar("R", FimRequest, TextRequest, ChatRequest)
Run = Callable[[R], AsyncGenerator[Delta]]


async def in_turn(scheduler: Scheduler, request: R, run: Run[R]) -> AsyncGenerator[Delta]:
    """What ``run`` makes of the request when its turn has come, with the time in the queue counted.

    ``run`` is given the request with the deadline that is left. Closing the iterator gives up the turn
    and closes what ``run`` returned.
    """
    out: asyncio.Queue[Delta | Exception | None] = asyncio.Queue()
    producer = _Producer(scheduler, request, run, out)
    try:
        while (item := await out.get()) is not None:
            if isinstance(item, Exception):
                raise item
            yield item
    finally:
        await producer.stop()


async def warm_in_turn(
    scheduler: Scheduler, request: FimRequest, warm: Callable[[FimRequest], Awaitable[None]]
) -> None:
    """Evaluate a prompt ahead of time; gives way to every real request, and never fails."""
    task = asyncio.current_task()
    assert task is not None
    ticket = Ticket(request.document, request.user, supersede=task.cancel, warm=True)
    try:
        await scheduler.acquire(ticket)
        await warm(request)
    except FimbleError:
        return
    finally:
        scheduler.release(ticket)


class _Producer(Generic[R]):
    """The task behind one request; a newer request for the same document can stop it."""

    def __init__(
        self, scheduler: Scheduler, request: R, run: Run[R], out: asyncio.Queue[Delta | Exception | None]
    ) -> None:
        self._scheduler, self._out = scheduler, out
        self._request: R = request
        self._run: Run[R] = run
        self._superseded = False
        self._ticket = Ticket(request.document, request.user, self._supersede, warm=_ahead(request))
        self._task = asyncio.create_task(self._work())

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def _supersede(self) -> None:
        self._superseded = True
        self._task.cancel()

    async def _work(self) -> None:
        try:
            await self._produce()
            self._out.put_nowait(None)
        except asyncio.CancelledError:
            if not self._superseded:
                raise
            self._out.put_nowait(Superseded("A newer request took this one's place."))
        except Exception as error:
            self._out.put_nowait(error)
        finally:
            self._scheduler.release(self._ticket)

    async def _produce(self) -> None:
        loop = asyncio.get_running_loop()
        began, deadline = loop.time(), self._request.deadline_ms
        await self._scheduler.acquire(self._ticket, None if deadline is None else deadline / 1000)
        queued = (loop.time() - began) * 1000
        request = self._request
        if deadline is not None:
            request = replace(request, deadline_ms=max(0.0, deadline - queued))
        async with aclosing(self._run(request)) as deltas:
            async for delta in deltas:
                self._out.put_nowait(_counting(delta, queued))


def _ahead(request: Request) -> bool:
    """Whether nobody has asked for it yet."""
    return isinstance(request, FimRequest) and request.ahead


def _counting(delta: Delta, queued_ms: float) -> Delta:
    """With the time in the queue."""
    timings = delta.timings
    if timings is None:
        return delta
    return replace(delta, timings=replace(timings, queue_ms=queued_ms, total_ms=timings.total_ms + queued_ms))

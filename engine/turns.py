"""One request on its way: it waits for its turn, then runs, while its pieces go to the caller."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Generic, TypeVar

from .errors import EngineClosed, FimbleError
from .scheduler import Scheduler, Ticket
from .types import Asked, ChatRequest, Delta, FimRequest, TextRequest
from .urgency import urgency_of

R = TypeVar("R", FimRequest, TextRequest, ChatRequest)
Run = Callable[[R], AsyncGenerator[Delta]]
Put = Callable[[Delta], None]
Work = Callable[[R, Put], Awaitable[None]]


async def in_turn(scheduler: Scheduler, request: R, run: Run[R], model: str = "") -> AsyncGenerator[Delta]:
    """What ``run`` makes of the request when its turn has come, with the time in the queue counted.

    ``model`` is the one whose slots it takes. ``run`` is given the request with the deadline that is left.
    Closing the iterator gives up the turn and closes what ``run`` returned.
    """

    async def work(request: R, put: Put) -> None:
        async with aclosing(run(request)) as deltas:
            async for delta in deltas:
                put(delta)

    turn = _Turn(scheduler, request, work, model)
    try:
        while (item := await turn.out.get()) is not None:
            if isinstance(item, Exception):
                raise item
            yield item
    finally:
        await turn.stop()


async def warm_in_turn(
    scheduler: Scheduler,
    request: FimRequest,
    warm: Callable[[FimRequest], Awaitable[None]],
    model: str = "",
) -> None:
    """Evaluate a prompt ahead of time; gives way to every real request, and never fails."""
    turn = _Turn(scheduler, request, lambda request, put: warm(request), model, warm=True)
    try:
        end = await turn.out.get()
    finally:
        await turn.stop()
    if isinstance(end, Exception) and not isinstance(end, FimbleError):
        raise end


class _Turn(Generic[R]):
    """The task behind one request, which the scheduler can stop. The last item of ``out`` is its end:
    None, or the error. There is exactly one."""

    def __init__(
        self, scheduler: Scheduler, request: R, work: Work[R], model: str, *, warm: bool = False
    ) -> None:
        self.out: asyncio.Queue[Delta | Exception | None] = asyncio.Queue()
        self._scheduler = scheduler
        self._request: R = request
        self._work: Work[R] = work
        self._reason: FimbleError | None = None
        urgency = urgency_of(request, warm=warm)
        document = _superseding(request)
        self._ticket = Ticket(document, request.user, urgency, self._lose_turn, request.variant, model)
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def _lose_turn(self, reason: FimbleError) -> None:
        self._reason = reason
        self._task.cancel()

    async def _run(self) -> None:
        end: Exception | None = None
        try:
            await self._wait_and_work()
        except asyncio.CancelledError:
            end = self._reason or EngineClosed("The request was stopped. Ask again.")
        except Exception as error:
            end = error
        finally:
            self._scheduler.release(self._ticket)
        self.out.put_nowait(end)

    async def _wait_and_work(self) -> None:
        loop = asyncio.get_running_loop()
        began, deadline = loop.time(), self._request.deadline_ms
        await self._scheduler.acquire(self._ticket, None if deadline is None else deadline / 1000)
        queued = (loop.time() - began) * 1000
        request = self._request
        if deadline is not None:
            request = replace(request, deadline_ms=max(0.0, deadline - queued))
        await self._work(request, lambda delta: self.out.put_nowait(_counting(delta, queued)))


def _superseding(request: Asked) -> str | None:
    """The document of which only the newest request matters, if there is one."""
    return None if isinstance(request, FimRequest) and not request.supersedes else request.document


def _counting(delta: Delta, queued_ms: float) -> Delta:
    """With the time in the queue."""
    timings = delta.timings
    if timings is None:
        return delta
    return replace(delta, timings=replace(timings, queue_ms=queued_ms, total_ms=timings.total_ms + queued_ms))

"""A worker in a thread of this process, for tests and tiny set-ups."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress

from ..limits import STOP_SECONDS
from .body import Body
from .messages import Command
from .transports import OnExit, OnReply


class ThreadTransport:
    """See :class:`~.transports.Transport`. A native fault here takes the whole process down."""

    process_id: int | None = None
    fallback_reason = ""

    def __init__(self) -> None:
        self._body: Body | None = None
        self._ended = asyncio.Event()

    async def start(self, on_reply: OnReply, on_exit: OnExit) -> None:
        loop = asyncio.get_running_loop()

        def post(call: Callable[[], None]) -> None:
            with suppress(RuntimeError):  # the loop was closed while the thread was still in a native call
                loop.call_soon_threadsafe(call)

        def end(reason: str) -> None:
            self._ended.set()
            on_exit(reason)

        body = self._body = Body(lambda reply: post(lambda: on_reply(reply)))

        def work() -> None:
            reason = "the thread ended"
            try:
                body.work()
            except BaseException as error:
                reason = f"{type(error).__name__}: {error}"
            finally:
                post(lambda: end(reason))

        threading.Thread(target=work, daemon=True, name="fimble worker").start()

    def send(self, command: Command) -> None:
        if self._body is not None:
            self._body.take(command)

    async def stop(self) -> None:
        """Wait for the end of a native call, unless it takes long: a thread cannot be killed."""
        if self._body is None:
            return
        self._body.close()
        try:
            await asyncio.wait_for(self._ended.wait(), STOP_SECONDS)
        except TimeoutError:
            return

"""A worker in a thread of this process, for tests and tiny set-ups."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable

from ..errors import FimbleError
from .messages import Cancel, Command, Open, Opened, OpenFailed, Run
from .runner import CancelSet, Runner
from .transports import OnExit, OnReply


class ThreadTransport:
    """See :class:`~.transports.Transport`. A native fault here takes the whole process down."""

    process_id: int | None = None
    fallback_reason = ""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Command | None] = queue.SimpleQueue()
        self._cancels = CancelSet()
        self._thread: threading.Thread | None = None
        self._stopping = False

    async def start(self, on_reply: OnReply, on_exit: OnExit) -> None:
        loop = asyncio.get_running_loop()

        def post(call: Callable[[], None]) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(call)

        def work() -> None:
            self._work(lambda reply: post(lambda: on_reply(reply)))
            post(lambda: on_exit("the thread ended"))

        self._thread = threading.Thread(target=work, daemon=True, name="fimble worker")
        self._thread.start()

    def send(self, command: Command) -> None:
        if isinstance(command, Cancel):
            self._cancels.add(command.id)
        else:
            self._jobs.put(command)

    async def stop(self) -> None:
        self._stopping = True
        self._jobs.put(None)
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    def _work(self, send: OnReply) -> None:
        runner: Runner | None = None
        while (command := self._jobs.get()) is not None:
            if isinstance(command, Open):
                try:
                    runner = Runner(command.options)
                    send(Opened(runner.info))
                except FimbleError as error:
                    send(OpenFailed(error))
            elif isinstance(command, Run) and runner is not None:
                wanted = self._cancels.check(command.id)
                runner.run(command, lambda: self._stopping or wanted(), send)  # noqa: B023
                self._cancels.forget(command.id)
        if runner is not None:
            runner.close()

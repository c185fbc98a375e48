"""The common engine's process: ``python -m fimble.engine.shared.service OPTIONS``, options as JSON.

Holds the models' workers and takes turns fairly between the editors. It ends when no editor has been
joined for a while. Only one runs for each meeting place: the lock on its file decides, and is given back by
the system however the process ends.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from ..backends.local import LocalBackend, LocalModel
from ..errors import FimbleError, FrameError
from ..scheduler import Scheduler
from ..turns import in_turn, warm_in_turn
from ..types import Request
from ..workers.codec import COMMANDS
from ..workers.frames import pack, receive
from ..workers.messages import Cancel, Command, Ended, Open, Opened, OpenFailed, Piece, Reply, Run
from ..workers.transports import ProcessTransport
from ..workers.worker import Worker
from .meeting import Meeting, ServiceOptions


def main() -> None:
    options = ServiceOptions.from_json(sys.argv[1])
    if hasattr(os, "fork") and os.fork():
        os._exit(0)  # nobody's child: the editor that started it need not wait for its end
    meeting = Meeting(options)
    meeting.prepare()
    try:
        with FileLock(meeting.lock, timeout=0):
            asyncio.run(_serve(meeting))
    except Timeout:
        return  # another one was faster


async def _serve(meeting: Meeting) -> None:
    """Serve until nobody has been joined for a while, or a signal comes."""
    service = Service(meeting.options)
    server = await meeting.listen(service.welcome)
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    try:
        async with server:
            await service.alone(meeting.options.alone_seconds)
    except asyncio.CancelledError:
        pass
    finally:
        meeting.path.unlink(missing_ok=True)
        await service.close()


class Service:
    """The engine behind the meeting place."""

    def __init__(self, options: ServiceOptions) -> None:
        def worker() -> Worker:
            return Worker(ProcessTransport, options.worker, options.idle_seconds)

        self._backend = LocalBackend(
            LocalModel(Path(options.worker.model).stem, options.worker.model), worker, options.workers
        )
        self._scheduler = Scheduler(options.workers, options.queue)
        self._users = itertools.count(1)
        self._joined: set[_Guest] = set()
        self._left = asyncio.Event()

    async def welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        guest = _Guest(self._backend, self._scheduler, str(next(self._users)), writer)
        self._joined.add(guest)
        try:
            await guest.listen(reader)
        finally:
            self._joined.discard(guest)
            self._left.set()
            writer.close()

    async def alone(self, seconds: float) -> None:
        """Return when nobody has been joined for so many seconds."""
        while True:
            try:
                self._left.clear()
                await asyncio.wait_for(self._left.wait(), seconds)
            except TimeoutError:
                if not self._joined:
                    return

    async def close(self) -> None:
        await self._backend.close()


class _Guest:
    """One editor: reads its commands, runs them in turn, and writes the replies."""

    def __init__(
        self, backend: LocalBackend, scheduler: Scheduler, user: str, writer: asyncio.StreamWriter
    ) -> None:
        self._backend, self._scheduler, self._user, self._writer = backend, scheduler, user, writer
        self._jobs: dict[int, asyncio.Task[None]] = {}

    async def listen(self, reader: asyncio.StreamReader) -> None:
        """Until the editor goes away; then everything that it wanted is stopped."""
        try:
            while (command := await receive(reader, COMMANDS)) is not None:
                self._take(command)
        except (FrameError, ConnectionError):
            pass
        finally:
            for job in list(self._jobs.values()):
                job.cancel()
            await asyncio.gather(*self._jobs.values(), return_exceptions=True)

    def _take(self, command: Command) -> None:
        match command:
            case Open():
                self._spawn(0, self._open())
            case Run(id=id):
                self._spawn(id, self._run(command))
            case Cancel(id=id) if id in self._jobs:
                self._jobs[id].cancel()

    def _spawn(self, id: int, work: AsyncGenerator[Reply]) -> None:
        task = asyncio.get_running_loop().create_task(self._reply_all(work))
        self._jobs[id] = task
        task.add_done_callback(lambda _: self._jobs.pop(id, None))

    async def _reply_all(self, work: AsyncGenerator[Reply]) -> None:
        async with aclosing(work) as replies:
            async for reply in replies:
                self._writer.write(pack(reply))

    async def _open(self) -> AsyncGenerator[Reply]:
        try:
            yield Opened(await self._backend.info())
        except FimbleError as error:
            yield OpenFailed(error)

    async def _run(self, command: Run) -> AsyncGenerator[Reply]:
        error: FimbleError | None = None
        try:
            if command.warm:
                await warm_in_turn(self._scheduler, self._own(command.request), self._backend.warm)
            else:
                deltas = in_turn(self._scheduler, self._own(command.request), self._backend.generate)
                async with aclosing(deltas):
                    async for delta in deltas:
                        yield Piece(command.id, delta)
        except FimbleError as known:
            error = known
        yield Ended(command.id, error)

    def _own(self, request: Request) -> Any:
        """The request with this editor as the one who asks: documents of different ones are different."""
        return replace(request, user=self._user)


if __name__ == "__main__":
    main()

"""One editor, as the service sees it: its commands are run in turn, and it is sent the replies."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from ..backends.local import LocalBackend
from ..errors import FimbleError, FrameError, Overloaded, WorkerCrashed
from ..limits import CLIENT_JOBS
from ..scheduler import Scheduler
from ..turns import in_turn, warm_in_turn
from ..types import Request, TokensRequest
from ..workers.codec import COMMANDS
from ..workers.messages import (
    Cancel,
    Command,
    Ended,
    Open,
    Opened,
    OpenFailed,
    Piece,
    Ping,
    Pong,
    Run,
    Unload,
)
from ..workers.streams import FrameWriter, receive


class Client:
    """Reads an editor's commands until it goes away; then everything that it wanted is stopped."""

    def __init__(
        self,
        backend: LocalBackend,
        scheduler: Scheduler,
        user: str,
        writer: asyncio.StreamWriter,
        unload: Callable[[], None],
    ) -> None:
        """``unload`` is called when the editor has no use for the model."""
        self._unload = unload
        self._backend, self._scheduler, self._user = backend, scheduler, user
        self._frames = FrameWriter(writer, writer.transport.abort)
        self._jobs: dict[int, asyncio.Task[None]] = {}
        self._pings = itertools.count(1)

    async def listen(self, reader: asyncio.StreamReader) -> None:
        try:
            while (command := await receive(reader, COMMANDS)) is not None:
                self._take(command)
        except (FrameError, ConnectionError):
            pass
        finally:
            self.leave()
            jobs = list(self._jobs.values())
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)

    def leave(self) -> None:
        """Hang up."""
        self._frames.close()

    def _take(self, command: Command) -> None:
        match command:
            case Ping():
                self._frames.send(
                    Pong(next(self._pings))
                )  # what hangs behind the service is the service's to find out
            case Open():
                self._spawn(0, self._open())
            case Run(id=id) if len(self._jobs) >= CLIENT_JOBS:
                self._frames.send(Ended(id, Overloaded("This editor has too many requests under way.")))
            case Run(id=id):
                self._spawn(id, self._run(command))
            case Cancel(id=id) if id in self._jobs:
                self._jobs[id].cancel()
            case Unload():
                self._unload()

    def _spawn(self, id: int, work: Coroutine[Any, Any, None]) -> None:
        if id in self._jobs:
            work.close()
            raise FrameError(f"The job {id} is under way already.")
        task = asyncio.get_running_loop().create_task(work)
        self._jobs[id] = task
        task.add_done_callback(lambda task: self._forget(id, task))

    def _forget(self, id: int, task: asyncio.Task[None]) -> None:
        self._jobs.pop(id, None)
        if task.cancelled():
            self._frames.send(Ended(id))

    async def _open(self) -> None:
        try:
            self._frames.send(Opened(await self._backend.info()))
        except FimbleError as error:
            self._frames.send(OpenFailed(error))

    async def _run(self, command: Run) -> None:
        error: FimbleError | None = None
        try:
            await self._generate(command)
        except FimbleError as known:
            error = known
        except Exception as unknown:
            error = WorkerCrashed(f"The shared engine failed: {type(unknown).__name__}: {unknown}")
        self._frames.send(Ended(command.id, error))

    async def _generate(self, command: Run) -> None:
        request = self._own(command.request)
        if command.warm:
            await warm_in_turn(self._scheduler, request, self._backend.warm)
            return
        waits = not isinstance(request, TokensRequest)
        run = self._backend.generate
        async with aclosing(in_turn(self._scheduler, request, run) if waits else run(request)) as deltas:
            async for delta in deltas:
                self._frames.send(Piece(command.id, delta))

    def _own(self, request: Request) -> Any:
        """The request with this editor as the one who asks: documents of different ones are different."""
        return replace(request, user=self._user)

"""How commands reach a worker and replies come back: over a child process's pipes.

Nothing here imports what runs models, so that a language server stays small and starts fast.
"""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import Callable
from typing import Protocol

from ..errors import FrameError
from ..limits import STOP_SECONDS
from .codec import REPLIES
from .messages import Command, Reply
from .streams import FrameWriter, receive

OnReply = Callable[[Reply], None]
_KILLS = (-9, -15)
"""How a process ends that another one has stopped: by SIGKILL, as the kernel does too when memory is short,
or by SIGTERM. A native fault has other signals."""


class OnExit(Protocol):
    """Hears why no more replies can come, once; ``killed``: somebody else ended the process."""

    def __call__(self, reason: str, killed: bool = False) -> None: ...


class Transport(Protocol):
    async def start(self, on_reply: OnReply, on_exit: OnExit) -> None:
        """Begin; ``on_exit`` is called once, when no more replies can come."""
        ...

    def send(self, command: Command) -> None: ...

    async def stop(self) -> None: ...

    @property
    def process_id(self) -> int | None: ...

    @property
    def fallback_reason(self) -> str:
        """Why the model runs in a process of its own though it should be shared; empty if it need not."""
        ...


class ProcessTransport:
    """A child process. A native fault in it costs one request, never this process."""

    fallback_reason = ""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._frames: FrameWriter | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._printed: deque[str] = deque(maxlen=20)
        self._killed_here = False

    @property
    def process_id(self) -> int | None:
        return self._process.pid if self._process else None

    async def prepare(self) -> None:
        """Start the process, before there is anything to be said to it."""
        # -P: the working folder is a user's project, whose modules must not be imported by accident
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "fimble.engine.workers.child",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE, limit=1 << 22,
        )  # fmt: skip

    async def start(self, on_reply: OnReply, on_exit: OnExit) -> None:
        if self._process is None or self._process.returncode is not None:
            await self.prepare()
        assert self._process is not None
        assert self._process.stdin is not None
        self._frames = FrameWriter(self._process.stdin, self._kill)
        self._tasks = [
            asyncio.create_task(self._read_replies(self._process, on_reply, on_exit)),
            asyncio.create_task(self._read_printed(self._process)),
        ]

    def send(self, command: Command) -> None:
        if self._frames is not None:
            self._frames.send(command)

    async def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if self._frames is not None:
            self._frames.close()
        elif process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _kill(self) -> None:
        """End a process that no longer reads what it is sent."""
        if self._process is not None and self._process.returncode is None:
            self._killed_here = True
            self._process.kill()

    async def _read_replies(
        self, process: asyncio.subprocess.Process, on_reply: OnReply, on_exit: OnExit
    ) -> None:
        assert process.stdout is not None
        try:
            while (reply := await receive(process.stdout, REPLIES)) is not None:
                on_reply(reply)
        except FrameError as error:
            self._printed.append(error.message)
            self._kill()
        except ConnectionError:
            pass
        code = await process.wait()
        on_exit(self._exit_reason(code), killed=code in _KILLS and not self._killed_here)

    def _exit_reason(self, code: int) -> str:
        said = f" Its last words: {self._printed[-1]}" if self._printed else ""
        return f"signal {-code}.{said}" if code < 0 else f"exit status {code}.{said}"

    async def _read_printed(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        while data := await process.stderr.read(4096):
            self._printed.extend(data.decode(errors="replace").strip().splitlines()[-5:])

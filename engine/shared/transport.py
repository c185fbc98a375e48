"""The editor's side: joins the common engine, or starts it, and speaks to it as to a worker."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time

from ..errors import FrameError
from ..workers.codec import REPLIES
from ..workers.frames import pack, receive
from ..workers.messages import Command
from ..workers.transports import OnExit, OnReply
from .meeting import Meeting, ServiceOptions, Streams

JOIN_SECONDS = 15.0


class SharedTransport:
    """A :class:`~..workers.transports.Transport` to a service that outlives this process."""

    process_id: int | None = None

    def __init__(self, options: ServiceOptions) -> None:
        self._meeting = Meeting(options)
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None

    async def start(self, on_reply: OnReply, on_exit: OnExit) -> None:
        """Join; :class:`OSError` when no service can be started in time."""
        reader, self._writer = await self._join()
        self._reading = asyncio.get_running_loop().create_task(self._read(reader, on_reply, on_exit))

    def send(self, command: Command) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(pack(command))

    async def stop(self) -> None:
        """Leave; the service goes on for the others."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
        if self._reading is not None:
            await asyncio.gather(self._reading, return_exceptions=True)

    async def _join(self) -> Streams:
        """Connect, and start the service if nobody answers; several editors may do so at once."""
        self._meeting.prepare()
        started, deadline = False, time.monotonic() + JOIN_SECONDS
        while True:
            try:
                return await self._meeting.connect()
            except (OSError, ValueError) as error:
                if time.monotonic() > deadline:
                    raise OSError("the common engine does not answer") from error
            if not started:
                await start_service(self._meeting.options)
                started = True
            await asyncio.sleep(0.01)

    async def _read(self, reader: asyncio.StreamReader, on_reply: OnReply, on_exit: OnExit) -> None:
        reason = "the common engine is gone."
        try:
            while (reply := await receive(reader, REPLIES)) is not None:
                on_reply(reply)
        except FrameError as error:
            reason = error.message
        except OSError:
            pass
        if self._writer is not None:
            self._writer.close()
        on_exit(reason)


async def start_service(options: ServiceOptions) -> None:
    """Start the service as a process of its own, which no editor's end takes down."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "fimble.engine.shared.service", options.to_json(),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        cwd=os.path.abspath(os.sep), start_new_session=os.name != "nt",
    )  # fmt: skip
    if os.name != "nt":
        await process.wait()  # what was started has split off the service and ends at once

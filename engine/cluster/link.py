"""The front's side of its agent: one life of that process, from its start to its end."""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..errors import EngineClosed, FimbleError, FrameError, Overloaded, UpstreamRefused, UpstreamUnavailable
from ..limits import STOP_SECONDS, UNREAD_BYTES
from ..workers.streams import receive_frame
from .limits import JOIN_SECONDS, REASON_CHARACTERS
from .messages import (
    Ask,
    Failed,
    FromAgent,
    Join,
    Joined,
    Leave,
    Lost,
    Method,
    NotJoined,
    Said,
    ToAgent,
    from_agent,
    pack,
)

_GONE = "the way to the cluster was lost"


class LostReplica(Exception):
    """The replica that had a request is gone; the message is the end of a sentence."""


@dataclass(eq=False, slots=True)
class Call:
    """``said`` has what the replica said, or why there is no more. ``over``: it has said all."""

    id: int
    said: asyncio.Queue[bytes | Exception] = field(default_factory=asyncio.Queue)
    over: bool = False


class Link:
    """``joined`` is done when the cluster was joined, or has why it was not. ``heard_at`` is when the agent
    said something last, by the clock of the event loop."""

    def __init__(self, address: str, environment: Mapping[str, str]) -> None:
        loop = asyncio.get_running_loop()
        self._address, self._environment = address, environment
        self.joined: asyncio.Future[None] = loop.create_future()
        self.joined.add_done_callback(lambda future: future.cancelled() or future.exception())
        self.ended, self.heard_at = False, 0.0
        self._ids = itertools.count(1)
        self._calls: dict[int, Call] = {}
        self._process: asyncio.subprocess.Process | None = None
        self._printed: deque[str] = deque(maxlen=5)
        self._life = loop.create_task(self._live())

    def ask(self, method: Method, model: str, session: str, data: bytes = b"") -> Call:
        """Begin a call; :meth:`leave` it at the end."""
        call = Call(next(self._ids))
        self._calls[call.id] = call
        if self.ended:
            call.said.put_nowait(LostReplica(_GONE))
        else:
            self._send(Ask(call.id, method, model, session, data))
        return call

    def leave(self, call: Call) -> None:
        """Nobody waits for it any more: its replica stops, unless it has ended."""
        if self._calls.pop(call.id, None) is not None and not self.ended and not call.over:
            self._send(Leave(call.id))

    async def close(self, lost: bool = False) -> None:
        """End the process. What waits for it ends with :class:`EngineClosed`, or as if it had died."""
        closed = EngineClosed("The engine was stopped or replaced. Ask again.")
        self._end(UpstreamUnavailable(f"{_GONE}.") if lost else closed)
        await asyncio.gather(self._life, return_exceptions=True)

    async def _live(self) -> None:
        why = "its process could not be started"
        try:
            process = await self._start()
            printed = asyncio.create_task(self._read_printed(process))
            try:
                why = await self._read(process)
            finally:
                await _stop(process)
                await asyncio.gather(printed, return_exceptions=True)
        except OSError as error:
            why = f"{why}: {error.strerror}"
        finally:
            self._end(UpstreamUnavailable(f"The Ray cluster cannot be joined: {why}."))

    async def _start(self) -> asyncio.subprocess.Process:
        process = self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "fimble.engine.cluster.agent",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **self._environment}, limit=1 << 22,
        )  # fmt: skip
        if self.ended:
            _hang_up(process)
        self._send(Join(self._address))
        return process

    def _send(self, message: ToAgent) -> None:
        process = self._process
        if process is None or process.stdin is None or process.stdin.is_closing():
            return
        process.stdin.write(pack(message))
        if process.stdin.transport.get_write_buffer_size() > UNREAD_BYTES and process.returncode is None:
            process.kill()  # it does not read any more

    async def _read(self, process: asyncio.subprocess.Process) -> str:
        """Take what the agent says until its end, and tell why that came."""
        assert process.stdout is not None
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(JOIN_SECONDS) as limit:
                while (data := await receive_frame(process.stdout)) is not None:
                    message = from_agent(data)
                    self.heard_at = loop.time()
                    limit.reschedule(None)
                    self._take(message)
        except TimeoutError:
            return f"that takes longer than {JOIN_SECONDS:.0f} s; this machine must be part of the cluster"
        except FrameError as error:
            return error.message.rstrip(".")
        except ConnectionError:
            pass
        code = await process.wait()
        said = f"; its last words: {self._printed[-1][:REASON_CHARACTERS]}" if self._printed else ""
        return f"its process ended with {code}{said}".rstrip(".")

    def _take(self, message: FromAgent) -> None:
        if isinstance(message, Joined):
            if not self.joined.done():
                self.joined.set_result(None)
        elif isinstance(message, NotJoined):
            kind = UpstreamRefused if message.refused else UpstreamUnavailable
            self._end(kind(message.why))
        elif (call := self._calls.get(message.id)) is not None:
            call.said.put_nowait(_told(message))

    def _end(self, error: FimbleError) -> None:
        """Once: no more is asked, and what was asked is lost."""
        if self.ended:
            return
        self.ended = True
        if not self.joined.done():
            self.joined.set_exception(error)
        lost = error if isinstance(error, EngineClosed) else LostReplica(_GONE)
        for call in self._calls.values():
            call.said.put_nowait(lost)
        if self._process is not None:
            _hang_up(self._process)

    async def _read_printed(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        while data := await process.stderr.read(4096):
            self._printed.extend(data.decode(errors="replace").strip().splitlines()[-5:])


def _told(message: Said | Lost | Failed) -> bytes | Exception:
    if isinstance(message, Said):
        return message.data
    if isinstance(message, Lost):
        return LostReplica(message.why)
    return Overloaded(message.why) if message.full else UpstreamUnavailable(message.why)


def _hang_up(process: asyncio.subprocess.Process) -> None:
    """Its input ends, and so it does."""
    assert process.stdin is not None
    if not process.stdin.is_closing():
        process.stdin.transport.abort()


async def _stop(process: asyncio.subprocess.Process) -> None:
    _hang_up(process)
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()

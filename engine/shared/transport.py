"""The editor's side: joins the shared engine, and speaks to it as to a worker."""

from __future__ import annotations

import asyncio

from ..errors import FrameError
from ..workers.codec import REPLIES
from ..workers.messages import Command, Ping
from ..workers.streams import FrameWriter, receive
from ..workers.transports import OnExit, OnReply
from .address import Address, ServiceOptions
from .join import join
from .watch import Watch


class SharedTransport:
    """A :class:`~..workers.transports.Transport` to a service that outlives this process."""

    process_id: int | None = None
    fallback_reason = ""

    def __init__(self, options: ServiceOptions) -> None:
        self._options = options
        self._frames: FrameWriter | None = None
        self._watch: Watch | None = None
        self._reading: asyncio.Task[None] | None = None

    async def start(self, on_reply: OnReply, on_exit: OnExit) -> None:
        """Join; :class:`OSError` when no service answers or can be started in time."""
        reader, writer = await join(Address(self._options))
        frames = FrameWriter(writer, writer.transport.abort)
        watch = Watch(lambda: frames.send(Ping()), writer.transport.abort)
        self._frames, self._watch = frames, watch
        self._reading = asyncio.create_task(self._read(reader, watch, on_reply, on_exit))

    def send(self, command: Command) -> None:
        if self._frames is not None and self._watch is not None:
            self._frames.send(command)
            self._watch.sent(command)

    async def stop(self) -> None:
        """Leave; the service goes on for the others."""
        frames, self._frames = self._frames, None
        if frames is not None:
            frames.close()
        if self._reading is not None:
            await asyncio.gather(self._reading, return_exceptions=True)

    async def _read(
        self, reader: asyncio.StreamReader, watch: Watch, on_reply: OnReply, on_exit: OnExit
    ) -> None:
        reason = "the shared engine is gone."
        watching = asyncio.create_task(watch.run())
        try:
            while (reply := await receive(reader, REPLIES)) is not None:
                watch.received(reply)
                on_reply(reply)
        except FrameError as error:
            reason = error.message
        except OSError:
            pass
        finally:
            watching.cancel()
        if self._frames is not None:
            self._frames.close()
        on_exit("the shared engine does not answer." if watch.gave_up else reason)

"""Frames over the streams of an event loop. A worker's process, which needs none, does not import it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ..errors import FrameError
from ..limits import FRAME_SECONDS, UNREAD_BYTES, UNREAD_SECONDS
from .codec import Decoder, M
from .frames import LENGTH, checked, pack
from .messages import Command, Reply


class FrameWriter:
    """Sends without waiting. An end that does not read is given up, by a call of ``on_stuck``, before what
    waits for it takes much memory."""

    def __init__(self, writer: asyncio.StreamWriter, on_stuck: Callable[[], object]) -> None:
        self._writer, self._on_stuck = writer, on_stuck
        self._draining: asyncio.Task[None] | None = None
        writer.transport.set_write_buffer_limits(high=0)

    def send(self, message: Command | Reply) -> None:
        """Send it, or do nothing when the other end is gone; raises what :func:`pack` raises."""
        frame = pack(message)
        if self._writer.is_closing():
            return
        if self._waiting > UNREAD_BYTES:
            self._on_stuck()
            return
        self._writer.write(frame)
        if self._waiting and self._draining is None:
            self._draining = asyncio.get_running_loop().create_task(self._drain())

    def close(self) -> None:
        """Close the connection; what the other end has not taken yet is dropped."""
        if self._draining is not None:
            self._draining.cancel()
        if self._waiting:
            self._writer.transport.abort()
        else:
            self._writer.close()

    @property
    def _waiting(self) -> int:
        """Bytes that the other end has not taken yet."""
        return self._writer.transport.get_write_buffer_size()

    async def _drain(self) -> None:
        try:
            async with asyncio.timeout(UNREAD_SECONDS):
                await self._writer.drain()
        except TimeoutError:
            self._on_stuck()
        except ConnectionError:
            pass  # the reading side notices the same end and reports it
        finally:
            self._draining = None


async def receive(reader: asyncio.StreamReader, decoder: Decoder[M]) -> M | None:
    """The next message, as :func:`receive_frame` has it; bytes that are none are a
    :class:`~..errors.FrameError` too."""
    data = await receive_frame(reader)
    return None if data is None else decoder.decode(data)


async def receive_frame(reader: asyncio.StreamReader) -> bytes | None:
    """The bytes of the next message, however long it takes to begin, or None at the stream's end.

    Raises :class:`~..errors.FrameError` for a message that is too long, or does not arrive whole in time.
    """
    try:
        length = checked(await reader.readexactly(LENGTH.size))
    except asyncio.IncompleteReadError:
        return None
    try:
        async with asyncio.timeout(FRAME_SECONDS):
            return await reader.readexactly(length)
    except asyncio.IncompleteReadError:
        return None
    except TimeoutError as error:
        raise FrameError("A message between fimble's processes did not arrive whole in time.") from error

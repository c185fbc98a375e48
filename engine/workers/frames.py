"""The one way in which messages travel over a pipe or socket: a length, then so many bytes.

The length is four bytes, little-endian; it is checked before anything of that length is read.
"""

from __future__ import annotations

import asyncio
import struct
from typing import BinaryIO

from ..errors import FrameError, InvalidRequest
from ..limits import FRAME_BYTES, FRAME_SECONDS
from .codec import Decoder, M, encode
from .messages import Command, Reply

_LENGTH = struct.Struct("<I")


def pack(message: Command | Reply) -> bytes:
    """The message's frame; :class:`~..errors.InvalidRequest` when it is too long to be taken."""
    data = encode(message)
    if len(data) > FRAME_BYTES:
        raise InvalidRequest(
            f"The request or its answer has {len(data) / 1e6:.1f} MB, "
            f"but a model's process takes at most {FRAME_BYTES / 1e6:.1f} MB. Send less, or ask for less."
        )
    return _LENGTH.pack(len(data)) + data


async def receive(reader: asyncio.StreamReader, decoder: Decoder[M]) -> M | None:
    """The next message, however long it takes to begin, or None at the stream's end.

    Raises :class:`~..errors.FrameError` for bytes that are no message, and for a message that does not
    arrive whole in time.
    """
    try:
        length = _checked(await reader.readexactly(_LENGTH.size))
    except asyncio.IncompleteReadError:
        return None
    try:
        async with asyncio.timeout(FRAME_SECONDS):
            data = await reader.readexactly(length)
    except asyncio.IncompleteReadError:
        return None
    except TimeoutError as error:
        raise FrameError("A message between fimble's processes did not arrive whole in time.") from error
    return decoder.decode(data)


def read(stream: BinaryIO, decoder: Decoder[M]) -> M | None:
    """The next message of a blocking stream, or None at its end; as :func:`receive` otherwise."""
    header = stream.read(_LENGTH.size)
    if len(header) < _LENGTH.size:
        return None
    length = _checked(header)
    data = stream.read(length)
    return decoder.decode(data) if len(data) == length else None


def _checked(header: bytes) -> int:
    length: int = _LENGTH.unpack(header)[0]
    if length > FRAME_BYTES:
        raise FrameError(
            f"A message between fimble's processes has {length} bytes; at most {FRAME_BYTES} are read."
        )
    return length

"""The one way in which messages travel over a pipe or socket: a length, then so many bytes.

The length is four bytes, little-endian; it is checked before anything of that length is read.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

from ..errors import FrameError, InvalidRequest
from ..limits import FRAME_BYTES
from .codec import Decoder, M, encode
from .messages import Command, Reply

LENGTH = struct.Struct("<I")


def pack(message: Command | Reply) -> bytes:
    """The message's frame; :class:`~..errors.InvalidRequest` when it is too long to be taken."""
    data = encode(message)
    if len(data) > FRAME_BYTES:
        raise InvalidRequest(
            f"The request or its answer has {len(data) / 1e6:.1f} MB, "
            f"but a model's process takes at most {FRAME_BYTES / 1e6:.1f} MB. Send less, or ask for less."
        )
    return framed(data)


def framed(data: bytes) -> bytes:
    """A message's bytes as a frame."""
    return LENGTH.pack(len(data)) + data


def read(stream: BinaryIO, decoder: Decoder[M]) -> M | None:
    """The next message of a blocking stream, or None at its end; :class:`~..errors.FrameError` for bytes
    that are none."""
    header = stream.read(LENGTH.size)
    if len(header) < LENGTH.size:
        return None
    length = checked(header)
    data = stream.read(length)
    return decoder.decode(data) if len(data) == length else None


def checked(header: bytes) -> int:
    """The length that a header tells; :class:`~..errors.FrameError` when it is too much."""
    length: int = LENGTH.unpack(header)[0]
    if length > FRAME_BYTES:
        raise FrameError(
            f"A message between fimble's processes has {length} bytes; at most {FRAME_BYTES} are read."
        )
    return length

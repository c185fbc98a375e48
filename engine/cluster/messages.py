"""What a front and its agent, the process that has joined the cluster, say to each other.

The requests and answers within are those of :mod:`~..workers.messages`, as bytes that the agent passes on and
does not read.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from ..errors import FrameError
from ..workers.frames import framed

Method = Literal["generate", "about", "status"]
"""What a replica is asked: to answer, what its model is, or what it does."""


class Join(msgspec.Struct, tag=True, frozen=True):
    """Join the cluster at an address; the first message."""

    address: str


class Ask(msgspec.Struct, tag=True, frozen=True):
    """Requests with the same ``session`` go to the same replica."""

    id: int
    method: Method
    model: str
    session: str
    data: bytes = b""


class Leave(msgspec.Struct, tag=True, frozen=True):
    """Nobody waits for the answer any more."""

    id: int


class Joined(msgspec.Struct, tag=True, frozen=True):
    pass


class NotJoined(msgspec.Struct, tag=True, frozen=True):
    """Why, as a sentence or two; ``refused``: the cluster does not let us in."""

    why: str
    refused: bool = False


class Said(msgspec.Struct, tag=True, frozen=True):
    """What a replica has said."""

    id: int
    data: bytes


class Lost(msgspec.Struct, tag=True, frozen=True):
    """The replica was lost before it had said all; ``why`` is the end of a sentence."""

    id: int
    why: str


class Failed(msgspec.Struct, tag=True, frozen=True):
    """Ray did not take the request: ``why`` is a sentence. ``full``: it has enough of them."""

    id: int
    why: str
    full: bool = False


ToAgent = Join | Ask | Leave
FromAgent = Joined | NotJoined | Said | Lost | Failed
_encoder = msgspec.msgpack.Encoder()
_to_agent = msgspec.msgpack.Decoder(ToAgent)
_from_agent: msgspec.msgpack.Decoder[FromAgent] = msgspec.msgpack.Decoder(FromAgent)


def pack(message: ToAgent | FromAgent) -> bytes:
    """The message's frame."""
    return framed(_encoder.encode(message))


def to_agent(data: bytes) -> ToAgent:
    """A front's message; :class:`~..errors.FrameError` for bytes that are none."""
    try:
        read: ToAgent = _to_agent.decode(data)
    except msgspec.MsgspecError as error:
        raise FrameError(f"A front's message cannot be read: {error}.") from error
    return read


def from_agent(data: bytes) -> FromAgent:
    """An agent's message; :class:`~..errors.FrameError` for bytes that are none."""
    try:
        return _from_agent.decode(data)
    except msgspec.MsgspecError as error:
        raise FrameError(f"An agent's message cannot be read: {error}.") from error

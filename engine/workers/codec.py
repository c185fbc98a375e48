"""Messages to bytes and back: MessagePack, decoded into the types that are declared and nothing else.

The bytes are data only: whoever writes them chooses among the messages below and their fields, and can
name no code. An error travels as the name of its class, which must be one of :mod:`~..errors`.

A message is an array of its name and its fields. MessagePack has no lone surrogates and no integers above
64 bits, but texts from JSON and names of files may have them: such a message travels as JSON instead, which
has both. The first byte tells the two apart.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from .. import errors
from ..errors import FimbleError, FrameError, RequestError
from ..types import ChatRequest, FimRequest, Request, TextRequest, TokensRequest
from .messages import (
    Cancel,
    Command,
    Ended,
    Open,
    Opened,
    OpenFailed,
    Piece,
    Ping,
    Pong,
    Reply,
    Run,
    Unload,
    Working,
)

M = TypeVar("M", Command, Reply)
R = TypeVar("R", FimRequest, TextRequest, ChatRequest, TokensRequest)
_JSON_ARRAY = b"["
"""Ahead of a message in MessagePack stands 0x92, an array of two."""
_RUNS: dict[type[Request], str] = {
    FimRequest: "fim", TextRequest: "text", ChatRequest: "chat", TokensRequest: "tokens",
}  # fmt: skip
_ERRORS = {
    name: value
    for name, value in vars(errors).items()
    if isinstance(value, type) and issubclass(value, FimbleError)
}


@dataclass(frozen=True, slots=True)
class _Error:
    """An error on its way; ``name`` is its class."""

    name: str
    message: str
    param: str | None = None


@dataclass(frozen=True, slots=True)
class _Run(Generic[R]):
    """A :class:`Run` whose kind of request is known, which its name tells."""

    id: int
    request: R
    warm: bool = False


def encode(message: Command | Reply) -> bytes:
    """The message as bytes, for a :class:`Decoder` of its direction."""
    named = (_name(message), message)
    try:
        return msgspec.msgpack.encode(named, enc_hook=_reduce_error)
    except (UnicodeEncodeError, OverflowError):
        return json.dumps(msgspec.to_builtins(named, enc_hook=_reduce_error)).encode("ascii")


class Decoder(Generic[M]):
    """Reads the messages of one direction."""

    def __init__(self, types: dict[str, Any]) -> None:
        self._types = types
        self._decoders = {
            name: msgspec.msgpack.Decoder(kind, dec_hook=_restore) for name, kind in types.items()
        }
        self._named = msgspec.msgpack.Decoder(tuple[str, msgspec.Raw])

    def decode(self, data: bytes) -> M:
        """The message; :class:`~..errors.FrameError` for bytes that are none."""
        try:
            body = self._from_json(data) if data[:1] == _JSON_ARRAY else self._from_msgpack(data)
        except (msgspec.MsgspecError, ValueError, KeyError, RecursionError) as error:
            raise FrameError(f"A message between fimble's processes cannot be read: {error}.") from error
        message: M = _plain(body)
        return message

    def _from_msgpack(self, data: bytes) -> Any:
        name, body = self._named.decode(data)
        return self._decoders[name].decode(body)

    def _from_json(self, data: bytes) -> Any:
        name, body = msgspec.convert(json.loads(data), tuple[str, Any])
        return msgspec.convert(body, self._types[name], dec_hook=_restore)


def _name(message: Command | Reply) -> str:
    return _RUNS[type(message.request)] if isinstance(message, Run) else type(message).__name__


def _plain(message: Any) -> Any:
    return Run(message.id, message.request, message.warm) if isinstance(message, _Run) else message


def _reduce_error(value: object) -> _Error:
    """An error as data; one of an unknown class as the nearest known one above it."""
    if not isinstance(value, Exception):
        raise NotImplementedError(f"{type(value).__name__} is no part of a message.")
    name = next((each.__name__ for each in type(value).__mro__ if each.__name__ in _ERRORS), "FimbleError")
    return _Error(name, getattr(value, "message", str(value)), getattr(value, "param", None))


def _restore(kind: type, value: Any) -> Any:
    """What MessagePack has no type for: any value as it is, and errors."""
    if kind is object:
        return value
    sent = msgspec.convert(value, _Error)
    error = _ERRORS[sent.name]
    if issubclass(error, RequestError):
        return error(sent.message, sent.param)
    return error(sent.message)


COMMANDS = Decoder[Command](
    {
        "fim": _Run[FimRequest],
        "text": _Run[TextRequest],
        "chat": _Run[ChatRequest],
        "tokens": _Run[TokensRequest],
        "Open": Open,
        "Cancel": Cancel,
        "Ping": Ping,
        "Unload": Unload,
    }
)
REPLIES = Decoder[Reply]({kind.__name__: kind for kind in (Opened, OpenFailed, Working, Piece, Ended, Pong)})

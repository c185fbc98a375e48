"""What the engine and a worker say to each other, and how it travels between processes.

Frames are a four-byte little-endian length and a pickle; both ends are our own processes of the same
version, joined by private pipes.
"""

from __future__ import annotations

import pickle
import struct
from dataclasses import dataclass
from typing import BinaryIO

from ..types import Delta, ModelInfo, Request

HEADER = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """How a worker opens its model. ``model`` is a path, or ``fake`` for tests."""

    model: str
    threads: int = 2
    context_length: int = 2048
    batch: int = 128
    window: int = 768
    fake: dict[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Open:
    options: WorkerOptions


@dataclass(frozen=True, slots=True)
class Run:
    """One job; with ``warm`` only the prompt is evaluated. The request's deadline counts from arrival."""

    id: int
    request: Request
    warm: bool = False


@dataclass(frozen=True, slots=True)
class Cancel:
    id: int


@dataclass(frozen=True, slots=True)
class Opened:
    info: ModelInfo


@dataclass(frozen=True, slots=True)
class Piece:
    id: int
    delta: Delta


@dataclass(frozen=True, slots=True)
class Ended:
    """No more pieces come: it was finished, warmed or cancelled (``error`` None), or it failed."""

    id: int
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class OpenFailed:
    error: Exception


Command = Open | Run | Cancel
Reply = Opened | OpenFailed | Piece | Ended


def pack(message: Command | Reply) -> bytes:
    data = pickle.dumps(message, protocol=5)
    return HEADER.pack(len(data)) + data


def read(stream: BinaryIO) -> Command | None:
    """The next command from a blocking stream, or None at its end."""
    header = stream.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    data = stream.read(HEADER.unpack(header)[0])
    command: Command = pickle.loads(data)
    return command

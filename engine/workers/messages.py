"""What the engine and a worker say to each other. How it travels is told in :mod:`.frames`."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import FimbleError
from ..types import Delta, ModelInfo, Request


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """How a worker opens its model. ``model`` is a path; ``runtime`` is one of
    :data:`~.opened.RUNTIMES`, and ``fake`` what the one for tests is told.

    ``context_length`` is what one sequence may hold, ``window`` the size of a suggestion's prompt; 0: it fits
    the model and the machine. The cache has ``cache_tokens`` for all sequences, or what a part of the free
    memory holds (0), but then not more than ``sequences`` take (0: the usual number). ``gpu_layers`` -1: all
    that fit. With ``memory``, a small model is helped by what followed the same characters elsewhere.
    """

    model: str
    threads: int = 2
    context_length: int = 0
    batch: int = 128
    window: int = 0
    runtime: str = "auto"
    sequences: int = 0
    cache_tokens: int = 0
    gpu_layers: int = -1
    memory: bool = True
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
class Unload:
    """The editor needs the memory for another model. For a shared engine: close the model, unless somebody
    waits for it. A worker of the editor's own is stopped instead."""


@dataclass(frozen=True, slots=True)
class Ping:
    """Asks for a :class:`Pong`, which is due at once whatever else is done."""


@dataclass(frozen=True, slots=True)
class Opened:
    info: ModelInfo


@dataclass(frozen=True, slots=True)
class Working:
    """From now on the worker works at this job too: what happens to the worker may be this job's doing."""

    id: int


@dataclass(frozen=True, slots=True)
class Piece:
    id: int
    delta: Delta


@dataclass(frozen=True, slots=True)
class Ended:
    """No more pieces come: it was finished, warmed or cancelled (``error`` None), or it failed. ``held`` is
    how many tokens the model's cache holds now."""

    id: int
    error: FimbleError | None = None
    held: int = 0


@dataclass(frozen=True, slots=True)
class OpenFailed:
    error: FimbleError


@dataclass(frozen=True, slots=True)
class Pong:
    """The worker lives. ``steps`` counts native calls; ``cpu_seconds`` is what it has computed, which
    tells a long step from one that hangs."""

    steps: int = 0
    cpu_seconds: float = 0.0


Command = Open | Run | Cancel | Unload | Ping
Reply = Opened | OpenFailed | Working | Piece | Ended | Pong

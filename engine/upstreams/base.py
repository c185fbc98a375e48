"""What each kind of upstream is to the rest: a wire, which says how to ask it and how to read its answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

from ..types import Delta, ModelInfo, Request

DONE = b"[DONE]"
"""How OpenAI's streams end."""


class Get(Protocol):
    """Fetches a JSON document by its path, by ``POST`` where there is a ``body``. Raises
    :class:`~..errors.UpstreamError`, and :class:`~.failures.NothingThere` where there is no such path."""

    async def __call__(self, path: str, body: bytes | None = None) -> bytes: ...


class Reader(Protocol):
    """Reads one answer. Whatever does not belong into one is a ``ValueError``; an error that the upstream
    tells of is :class:`~.failures.Told`. ``enough``: what is still to come is of no use."""

    @property
    def enough(self) -> bool: ...

    def feed(self, data: bytes) -> Iterable[Delta]:
        """What one event, or one line, brings."""
        ...

    def end(self) -> Iterable[Delta]:
        """What is left when the answer is over, the finish reason at the latest. A ``ValueError`` if it broke
        off."""
        ...


@dataclass(frozen=True, slots=True)
class Ask:
    """A request as an upstream takes it, by ``POST``. ``framing`` is how its answer comes: as server-sent
    events, as lines of JSON, or as one JSON document. Behind ``done`` nothing more is read. ``ends_itself``:
    the upstream ends the answer when the next request of its document comes, so its connection can be kept.
    """

    path: str
    body: bytes
    reader: Reader
    framing: Literal["events", "lines", "document"] = "events"
    done: bytes | None = DONE
    ends_itself: bool = False


class Wire(Protocol):
    """One kind of upstream. ``trims``: its texts are suggestions already. ``ready``: it can ask; else
    :meth:`info` is needed first, to know what the model is called or can do."""

    trims: bool

    @property
    def ready(self) -> bool: ...

    def ask(self, request: Request) -> Ask:
        """Raises :class:`~..errors.UnsupportedParameter` for what it cannot honour; it drops nothing."""
        ...

    async def info(self, get: Get) -> ModelInfo:
        """The model that answers: its ``id`` is the upstream's own name for it. Raises ``ValueError`` for
        documents that no such server sends."""
        ...

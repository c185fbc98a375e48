"""Who answers, and how full a model's cache is: what a status line, a report or a page of figures can say of
the engine that is in use."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Serving:
    """``engine`` is ``local``, ``shared`` or a server's address; ``model`` its id, empty until known.

    ``instead_of`` is the address, or ``the shared engine``, that should answer and does not, ``why`` the
    reason as a sentence.
    """

    engine: str
    model: str = ""
    instead_of: str = ""
    why: str = ""

    def __str__(self) -> str:
        return f"{self.engine}, while {self.instead_of} is away" if self.instead_of else self.engine


@dataclass(frozen=True, slots=True)
class CacheUse:
    """A model's cache: it holds ``held`` of at most ``room`` tokens, in ``sequences`` places."""

    held: int
    room: int
    sequences: int


@dataclass(frozen=True, slots=True)
class UpstreamState:
    """What is known of one upstream of a model since the start. ``first_ms`` is how long it took to say its
    first word lately, None while nobody knows; ``hedged`` counts requests that another one was asked too
    since it was late."""

    name: str
    model: str
    up: bool
    why: str
    running: int
    requests: int
    failures: int
    hedged: int
    prompt_tokens: int
    completion_tokens: int
    first_ms: float | None
    tokens_per_second: float | None

"""Who answers: what a status line, a report or a log can say of the engine that is in use."""

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

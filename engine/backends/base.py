"""The seam at request level: a backend answers whole requests, asynchronously, in the engine's process.

The engine sees this one only. A worker makes a backend of a runtime, the seam at token level
(:mod:`~..runtimes.base`).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Protocol

from ..serving import Serving
from ..types import Delta, FimRequest, ModelInfo, Request


class Backend(Protocol):
    """Answers whole requests. Closing an iterator early stops the work behind it."""

    @property
    def slots(self) -> int:
        """How many requests it works on at a time."""
        ...

    @property
    def trims(self) -> bool:
        """Whether its texts are suggestions already, and need no trimming."""
        ...

    @property
    def serving(self) -> Serving:
        """Who answers now, told without asking anybody."""
        ...

    async def info(self) -> ModelInfo: ...

    async def check(self) -> ModelInfo:
        """As ``info``, from somebody who was seen to live just now; raises within seconds otherwise."""
        ...

    def generate(self, request: Request) -> AsyncGenerator[Delta]:
        """Pieces of text; the last :class:`Delta` has the finish reason.

        Raises :class:`~..errors.UnsupportedParameter` for what it cannot honour; it ignores nothing.
        """
        ...

    async def warm(self, request: FimRequest) -> None:
        """Evaluate the request's prompt so that the same request answers sooner."""
        ...

    async def close(self) -> None: ...

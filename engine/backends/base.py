"""The two seams behind which models run.

*Token level* (:class:`TokenModel`, synchronous, inside a worker): we tokenise, evaluate, read logits
and sample ourselves. *Request level* (:class:`Backend`, asynchronous, in the engine's process): somebody
else decodes, we send whole requests. The engine sees only the second; workers turn the first into it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import TYPE_CHECKING, Protocol

from ..serving import Serving
from ..types import Delta, FimRequest, ModelInfo, Request

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class TokenModel(Protocol):
    """A loaded model that evaluates tokens. Not thread-safe; one caller at a time."""

    @property
    def context_length(self) -> int: ...

    def tokenize(self, text: str) -> list[int]:
        """The text's exact ids: no space or control token is added, none is read out of the text."""
        ...

    def piece(self, token: int) -> bytes:
        """The bytes a token stands for; empty for control tokens."""
        ...

    def evaluate(self, tokens: Sequence[int], past: int) -> None:
        """Evaluate ``tokens`` after the first ``past`` ones of the cache, in one native call."""
        ...

    def logits(self) -> NDArray[np.float32]:
        """Scores of the next token, shape (vocabulary,); valid until the next call of ``evaluate``."""
        ...

    def close(self) -> None: ...


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

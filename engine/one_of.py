"""Several models for one request: each is asked when the one before cannot answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace

from .errors import (
    ContextLengthExceeded,
    FimbleError,
    ModelError,
    ModelLoading,
    Overloaded,
    UnsupportedParameter,
    UpstreamError,
    WorkerCrashed,
)
from .types import ChatRequest, Delta

MOVE_ON = (
    ContextLengthExceeded, ModelError, ModelLoading, Overloaded, UnsupportedParameter, UpstreamError,
    WorkerCrashed,
)  # fmt: skip
"""Errors that another model may not have."""


async def first_answer(
    request: ChatRequest, ask: Callable[[ChatRequest], AsyncGenerator[Delta]]
) -> AsyncGenerator[Delta]:
    """The answer of the first of ``request.models`` that gives one; its pieces name the model. An error
    after the first piece is the answer's."""
    failed: FimbleError | None = None
    for model in request.models:
        begun = False
        try:
            async with aclosing(ask(replace(request, model=model, models=()))) as deltas:
                async for delta in deltas:
                    begun = True
                    yield replace(delta, model=model)
            return
        except MOVE_ON as error:
            if begun:
                raise
            failed = failed or error
    raise failed or ValueError("a request for several models names none")

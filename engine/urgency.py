"""How urgent a request is: what decides who runs first, in the queue and inside a worker."""

from __future__ import annotations

from enum import IntEnum

from .limits import SUGGESTION_TOKENS
from .types import FimRequest, Request


class Urgency(IntEnum):
    """The lower, the sooner."""

    SUGGESTION = 0
    """Somebody looks at the cursor and waits."""
    ANSWER = 1
    """A text, a conversation or a long suggestion: it may take a while, and lets suggestions pass."""
    AHEAD = 2
    """Nobody has asked for it yet: it gives way to everything."""


def urgency_of(request: Request, *, warm: bool = False) -> Urgency:
    """``warm``: only the prompt is to be evaluated."""
    if not isinstance(request, FimRequest):
        return Urgency.ANSWER
    if warm or request.ahead:
        return Urgency.AHEAD
    return Urgency.ANSWER if (request.max_tokens or 0) > SUGGESTION_TOKENS else Urgency.SUGGESTION

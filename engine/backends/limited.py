"""How long a suggestion may be, where its request does not say so."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from ..types import FimRequest, Request

R = TypeVar("R", bound=Request)
LINE_TOKENS, BLOCK_TOKENS = 48, 128


def limited(request: R) -> R:
    """The request with its stop string and limit of tokens: the rest of a line ends with the line."""
    if not isinstance(request, FimRequest):
        return request
    limit = LINE_TOKENS if request.mode in ("line", "next") else BLOCK_TOKENS
    stop = (*request.stop, "\n") if request.mode == "line" else request.stop
    return replace(request, max_tokens=limit if request.max_tokens is None else request.max_tokens, stop=stop)

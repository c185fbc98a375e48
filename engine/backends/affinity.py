"""Which requests are likely to have prompts that begin alike, and so belong where the first one was read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from typing import Generic, TypeVar

from ..limits import AFFINITIES_KEPT
from ..types import ChatRequest, FimRequest, Request, TokensRequest

T = TypeVar("T", bound=Hashable)
_BEGINNING, _LINES = 200, 3
"""What counts as a beginning: so many characters (or tokens), and of a text no more than so many lines."""


class Affinity(Generic[T]):
    """Remembers where requests went: those of a document, or else with a beginning."""

    def __init__(self) -> None:
        self._places: dict[int, T] = {}
        self._counts = Counter[T]()

    def count(self, place: T) -> int:
        """How many beginnings belong to a place."""
        return self._counts[place]

    def find(self, request: Request) -> T | None:
        """Where the last request like this one went."""
        return self._places.get(affinity_of(request))

    def note(self, request: Request, place: T) -> None:
        """Remember where it goes."""
        self._forget(key := affinity_of(request))
        self._places[key] = place
        self._counts[place] += 1
        if len(self._places) > AFFINITIES_KEPT:
            self._forget(next(iter(self._places)))

    def _forget(self, key: int) -> None:
        if (place := self._places.pop(key, None)) is not None:
            self._counts[place] -= 1


def affinity_of(request: Request) -> int:
    """Equal for requests with the same name; another number in another process."""
    return hash(affinity_name(request))


def affinity_name(request: Request) -> tuple[Hashable, ...]:
    """The same for requests of one person about one document, or without a document, of one beginning. It is
    made of texts, numbers and tuples of these."""
    return request.user, *_named(request)


def _named(request: Request) -> tuple[Hashable, ...]:
    if isinstance(request, FimRequest):
        if request.document is not None:
            return request.workspace, request.document
        return request.path, _first_lines(request.prefix)
    if request.document is not None:
        return (request.document,)
    if isinstance(request, ChatRequest):
        return tuple(message.content[:_BEGINNING] for message in request.messages[:2])
    if isinstance(request, TokensRequest):
        return ()
    prompt = request.prompt
    return (_first_lines(prompt) if isinstance(prompt, str) else prompt[:_BEGINNING],)


def _first_lines(text: str) -> tuple[str, ...]:
    """Whole lines only: the cursor's own changes with every key."""
    return tuple(text[:_BEGINNING].split("\n")[:-1][:_LINES])

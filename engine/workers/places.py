"""What the sequences of a runtime hold, and which of them serves whom.

A prompt is given the sequence that holds most of its beginning. Where that one is busy, or would lose
much that somebody may still want, its beginning is copied to the sequence that was not used for longest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..limits import IN_USE_SECONDS
from ..runtimes.base import Runtime, Span
from ..urgency import Urgency

Ids = NDArray[np.int32]
_WORTH_COPYING = 16
"""Fewer tokens are evaluated as fast as they are copied."""
_CHEAP_LOSS = 64
"""A sequence may lose so many tokens, or as many as it keeps, to a prompt that goes on in it."""


class Owner(Protocol):
    """What is asked of a job. ``tokens`` are what its sequence must hold, with the scores behind the last
    ``rows``; ``reading``: its prompt is not read yet; ``given_up``: nobody waits for it any more."""

    tokens: list[int]
    rows: int
    urgency: Urgency
    document: object
    reading: bool
    given_up: bool


@dataclass(eq=False, slots=True)
class Place:
    """One sequence: the first ``length`` of ``ids`` are what the model has evaluated.

    ``owner`` is the job that uses it. ``asked`` tells whether the last one was somebody's request, and
    not work ahead of time; ``used`` is when that was.
    """

    index: int
    ids: Ids
    length: int = 0
    owner: Owner | None = None
    used: float = -1e9
    asked: bool = False
    document: object = None

    @property
    def free(self) -> bool:
        """Whether it may be taken: what nobody waits for any more gives way."""
        return self.owner is None or self.owner.given_up

    def common(self, tokens: Ids) -> int:
        """How many leading tokens it has in common with a prompt."""
        return common_prefix(self.ids[: self.length], tokens)


@dataclass
class Places:
    """All sequences of one runtime. ``clock`` is in seconds."""

    runtime: Runtime
    clock: Callable[[], float]
    all: list[Place] = field(init=False)

    def __post_init__(self) -> None:
        length = self.runtime.context_length
        self.all = [Place(index, np.zeros(length, np.int32)) for index in range(self.runtime.sequences)]

    @property
    def held(self) -> int:
        """How many tokens all sequences hold together."""
        return sum(place.length for place in self.all)

    def seat(self, job: Owner) -> Place | None:
        """A place for a job, with as much of its tokens as is known; None where there is none."""
        tokens = np.array(job.tokens, np.int32)
        known = {place.index: self._usable(place, tokens, job.rows) for place in self.all}
        nearest = max(self.all, key=lambda place: (known[place.index], place.free))
        place = self._place(job, nearest, known[nearest.index])
        if place is None:
            return None
        if place is not nearest and known[nearest.index] >= _WORTH_COPYING:
            self.runtime.copy(nearest.index, place.index, known[nearest.index])
            place.ids[: known[nearest.index]] = tokens[: known[nearest.index]]
            place.length = known[nearest.index]
        else:
            self.cut(place, known[place.index])
        place.owner, place.document, place.asked = job, job.document, job.urgency is not Urgency.AHEAD
        place.used = self.clock()
        return place

    def being_read(self, job: Owner) -> bool:
        """Whether somebody reads much more of the same beginning just now than is known of it: it is soon
        there to be copied."""
        readers = [place.owner for place in self.all if place.owner is not None and not place.free]
        readers = [each for each in readers if each.reading and each.urgency <= job.urgency]
        if not readers or not self.runtime.cuts or len(self.all) == 1:
            return False
        tokens = np.array(job.tokens, np.int32)
        known = max(self._usable(place, tokens, job.rows) for place in self.all)
        return any(common_prefix(each.tokens, tokens) >= known + _WORTH_COPYING for each in readers)

    def evaluated(self, spans: Iterable[Span]) -> None:
        """These spans' tokens were evaluated."""
        for span in spans:
            place, end = self.all[span.sequence], span.past + len(span.tokens)
            place.ids[span.past : end] = span.tokens
            place.length = end

    def undo(self, spans: Iterable[Span]) -> None:
        """The evaluation of these spans was ended in the middle."""
        for span in spans:
            self.all[span.sequence].length = span.past if self.runtime.cuts else 0

    def leave(self, place: Place) -> None:
        """The job that used it has ended; what was evaluated stays."""
        place.owner, place.used = None, self.clock()

    def forget(self, sequence: int) -> None:
        """Nothing is known of what a sequence holds."""
        self.cut(self.all[sequence], 0)

    def cut(self, place: Place, length: int) -> None:
        """Keep only the first ``length`` tokens; to nothing where the runtime cannot cut."""
        if length < place.length or length == 0:
            length = length if self.runtime.cuts else 0
            self.runtime.keep(place.index, length)
            place.length = length

    def _usable(self, place: Place, tokens: Ids, rows: int) -> int:
        """How much of a prompt a place knows. Tokens whose scores are wanted are evaluated again."""
        most = min(place.common(tokens), len(tokens) - rows)
        return most if self.runtime.cuts or most == place.length else 0

    def _place(self, job: Owner, nearest: Place, known: int) -> Place | None:
        """The nearest place if it is free and loses little; else the one that is missed least."""
        loss = nearest.length - known
        if nearest.free and loss <= max(_CHEAP_LOSS, known):
            return nearest
        free = [place for place in self.all if place.free and self._may_take(job, place)]
        return min(free, key=lambda place: (place.length > 0, place.used), default=None)

    def _may_take(self, job: Owner, place: Place) -> bool:
        """Work ahead of time never displaces a document that is in use."""
        if job.urgency is not Urgency.AHEAD or not place.length:
            return True
        own = job.document is not None and place.document == job.document
        in_use = place.asked and self.clock() - place.used < IN_USE_SECONDS
        return own or not in_use


def common_prefix(first: Sequence[int] | Ids, second: Sequence[int] | Ids) -> int:
    """How many leading items two sequences share."""
    shortest = min(len(first), len(second))
    different = np.asarray(first[:shortest]) != np.asarray(second[:shortest])
    at = int(different.argmax()) if shortest else 0
    return at if shortest and different[at] else shortest

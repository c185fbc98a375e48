"""A request on its way through a worker: what it needs next, and how far that is."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..decode.steps import Need, Steps
from ..types import Delta, TokensRequest
from ..urgency import Urgency
from .messages import Run
from .places import Place
from .planner import Task
from .planning import Planning


@dataclass(eq=False, slots=True)
class Job:
    """``tokens`` are what its sequence must hold, with the scores behind the last ``rows`` of them; of those,
    ``cached`` were known when it came to its place. ``steps`` is None where only the prompt is read.
    ``planning`` is the making of the prompt, where that takes long, or of an answer that needs no model.

    ``advanced`` is when it last got what it needed, or when it came; ``read`` is when its prompt was read;
    ``since`` is from when on somebody waits for that in its document, be it with an earlier request.
    ``given_up``: nobody waits for it, but its prompt is read on, since somebody is likely to ask for nearly
    the same again.
    """

    run: Run
    urgency: Urgency
    arrived: float
    deadline: float | None
    document: object = None
    steps: Steps | None = None
    tokens: list[int] = field(default_factory=list)
    rows: int = 0
    cached: int = 0
    place: Place | None = None
    planning: Planning[Task | Delta] | None = None
    advanced: float = 0.0
    read: float = 0.0
    since: float = 0.0
    begun: bool = False
    reading: bool = True
    given_up: bool = False

    @property
    def id(self) -> int:
        return self.run.id

    @property
    def needs_no_place(self) -> bool:
        """Whether it is answered without the model."""
        return isinstance(self.run.request, TokensRequest)

    @property
    def missing(self) -> int:
        """How many tokens are to be evaluated; its place knows the rest."""
        return len(self.tokens) - (self.place.length if self.place is not None else 0)

    def need(self, need: Need) -> None:
        """Take what the answer needs next."""
        del self.tokens[need.past :]
        self.tokens += need.tokens
        self.rows = need.rows

"""What an answer and whoever evaluates tokens for it say to each other.

An answer is a generator. It yields a :class:`Need` and is sent the :class:`Rows` for it, and it yields a
Delta when it has something to show. So it never calls the model: whoever runs it may evaluate the needs
of many answers at once, in pieces, in any order, and closing the generator ends the work.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from ..runtimes.base import Scores
from ..types import Delta


@dataclass(frozen=True, slots=True)
class Need:
    """Tokens to be evaluated after the first ``past`` of those that the answer has needed so far.

    The scores are wanted after each of the last ``rows`` of them.
    """

    past: int
    tokens: Sequence[int]
    rows: int = 1


@dataclass(frozen=True, slots=True)
class Rows:
    """What was needed: scores, valid until the answer's next need. ``cached`` of the tokens had been
    evaluated before."""

    scores: Sequence[Scores]
    cached: int = 0


Steps = Generator[Need | Delta, Rows | None]
"""An answer as it is made."""
Asking = Generator[Need | Delta, Rows | None, Rows]


def rows_of(need: Need) -> Asking:
    """Ask for what is needed."""
    rows = yield need
    assert rows is not None, "a need is answered with its rows"
    return rows

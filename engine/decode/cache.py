"""What the model has evaluated, so that only what is new is evaluated again."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from ..errors import ContextLengthExceeded
from ..runtimes.base import Runtime, Scores, Span


class TokenCache:
    """Knows the ids in one model's native cache, which several answers may use by turns.

    The native cache holds exactly ``self._evaluated`` at all times, also when reading a prompt was given
    up in the middle: it is shortened before and lengthened after each native call.
    """

    def __init__(self, model: Runtime, batch: int) -> None:
        """``batch`` is how many tokens are evaluated in one native call."""
        self.model, self._batch = model, batch
        self._evaluated: list[int] = []
        self._origin: Sequence[int] = ()
        """What was evaluated last: ``self._evaluated`` is its beginning."""
        self.reading = False
        """Whether somebody's tokens were evaluated in part only."""

    def hold(self, tokens: Sequence[int], reserve: int = 0) -> Generator[None, None, int]:
        """Evaluate what is missing of ``tokens``, so that :meth:`logits` are those after the last one.

        A list that was held before may be held again when it has grown, which costs no comparing; it must
        not change otherwise. Stops after each batch but the last one: others may use the cache before it
        goes on. Returns how many tokens were there already. ``reserve`` tokens must still fit after them,
        or :class:`ContextLengthExceeded` is raised.
        """
        self._check_fit(tokens, reserve)
        known = start = self._known(tokens)
        self.reading = False
        while start < len(tokens):
            end = min(start + self._batch, len(tokens))
            self._evaluate(tokens, start, end)
            self.reading = end < len(tokens)
            if self.reading:
                yield
            start = self._known(tokens)
        return known

    def logits(self) -> Scores:
        return self.model.logits(0)

    def _known(self, tokens: Sequence[int]) -> int:
        """How many tokens need not be evaluated. The scores are those of the last evaluated token, so that
        one is evaluated again where it was not the last."""
        if tokens is self._origin:
            known = len(self._evaluated)
        else:
            known = common_prefix(self._evaluated, tokens)
        return known if known == len(tokens) == len(self._evaluated) else min(known, len(tokens) - 1)

    def _check_fit(self, tokens: Sequence[int], reserve: int) -> None:
        if not tokens or len(tokens) + reserve > self.model.context_length:
            raise ContextLengthExceeded(
                f"The prompt has {len(tokens)} tokens and {reserve} more are asked for, but the model's "
                f"context holds {self.model.context_length}. Send less text or ask for fewer tokens.",
                "prompt",
            )

    def _evaluate(self, tokens: Sequence[int], start: int, end: int) -> None:
        del self._evaluated[start:]
        self._origin = tokens
        new = tokens[start:end]
        self.model.decode([Span(0, new, start)])
        self._evaluated += new


def common_prefix(first: Sequence[int], second: Sequence[int]) -> int:
    """How many leading items two sequences share."""
    shortest = min(len(first), len(second))
    if list(first[:shortest]) == list(second[:shortest]):
        return shortest  # nearly always, and much faster
    return next((i for i in range(shortest) if first[i] != second[i]), shortest)

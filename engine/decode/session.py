"""A token model with a memory of what it has evaluated, so that only what is new is evaluated again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ..backends.base import TokenModel
from ..errors import ContextLengthExceeded
from ..stopping import Stopped
from .filters import Scores

Cancelled = Callable[[], bool]


class Session:
    """Keeps the evaluated ids of one model's cache.

    The native cache holds exactly ``self._evaluated`` at all times, also after a cancellation in the
    middle of a prompt: it is shortened before and lengthened after each native call.
    """

    def __init__(self, model: TokenModel, batch: int) -> None:
        self.model, self._batch = model, batch
        self._evaluated: list[int] = []

    def prefill(self, tokens: Sequence[int], cancelled: Cancelled, reserve: int = 0) -> int:
        """Evaluate a prompt; returns how many of its tokens were in the cache already.

        Looks at ``cancelled`` between batches and raises :class:`Stopped`. ``reserve`` tokens must
        still fit after the prompt.
        """
        self._check_fit(tokens, reserve)
        known = common_prefix(self._evaluated, tokens)
        if known == len(tokens) == len(self._evaluated):
            return known  # the logits of the last token are still the current ones
        known = min(known, len(tokens) - 1)
        for start in range(known, len(tokens), self._batch):
            if cancelled():
                raise Stopped
            self._evaluate(tokens[start : start + self._batch], start)
        return known

    def read(self, tokens: Sequence[int], cancelled: Cancelled, reserve: int = 0) -> Iterator[Scores]:
        """Evaluate a prompt one token at a time, none taken from the cache: the scores after each."""
        self._check_fit(tokens, reserve)
        for at, token in enumerate(tokens):
            if cancelled():
                raise Stopped
            self._evaluate([token], at)
            yield self.model.logits()

    def append(self, token: int) -> None:
        """Evaluate one more token."""
        self._evaluate([token], len(self._evaluated))

    def logits(self) -> Scores:
        return self.model.logits()

    @property
    def room(self) -> int:
        """How many more tokens fit into the context."""
        return self.model.context_length - len(self._evaluated)

    def _check_fit(self, tokens: Sequence[int], reserve: int) -> None:
        if not tokens or len(tokens) + reserve > self.model.context_length:
            raise ContextLengthExceeded(
                f"The prompt has {len(tokens)} tokens and {reserve} more are asked for, but the model's "
                f"context holds {self.model.context_length}. Send less text or ask for fewer tokens.",
                "prompt",
            )

    def _evaluate(self, tokens: Sequence[int], past: int) -> None:
        del self._evaluated[past:]
        self.model.evaluate(tokens, past)
        self._evaluated += tokens


def common_prefix(first: Sequence[int], second: Sequence[int]) -> int:
    """How many leading items two sequences share."""
    shortest = min(len(first), len(second))
    return next((i for i in range(shortest) if first[i] != second[i]), shortest)

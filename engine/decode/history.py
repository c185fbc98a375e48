"""What the model has read and written so far, in the forms that penalties need."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..runtimes.base import Scores
from .penalties import Ids


class History:
    """The tokens of a prompt and of the answer that grows behind it. ``size`` is the vocabulary's."""

    def __init__(self, prompt: Sequence[int], size: int) -> None:
        self._tokens = np.zeros(2 * len(prompt) + 256, np.intp)
        self._tokens[: len(prompt)] = prompt
        self._length = len(prompt)
        self._seen = np.zeros(size, np.bool_)
        self._seen[self.tokens] = True
        self._made = np.zeros(size, np.bool_)
        self._counts = np.zeros(size, np.float32)

    @property
    def tokens(self) -> Ids:
        """All ids, in order."""
        return self._tokens[: self._length]

    def seen(self) -> Ids:
        """Each id that occurs, once."""
        return np.flatnonzero(self._seen)

    def made(self) -> tuple[Ids, Scores]:
        """Each id that occurs in the answer, once, and how often."""
        ids = np.flatnonzero(self._made)
        return ids, self._counts[ids]

    def add(self, token: int, made: bool = True) -> None:
        """One more token, of the answer or still of what it follows."""
        if self._length == len(self._tokens):
            self._tokens = np.concatenate([self._tokens, np.zeros_like(self._tokens)])
        self._tokens[self._length] = token
        self._length += 1
        self._seen[token] = True
        if made:
            self._made[token] = True
            self._counts[token] += 1

"""The scores of the newest suggestions, for the keys that ask the same again.

While a word is typed its prompt stays the same (:mod:`~..prompt.border`), and mostly the answer agrees with
what was typed: then all that the model would say is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ..limits import KEPT_ANSWERS, KEPT_SCORES_BYTES
from ..runtimes.base import Scores


@dataclass(slots=True)
class _Answer:
    """Tokens of a prompt and its answer; ``scores`` are those behind the first so many of them."""

    tokens: list[int]
    scores: dict[int, Scores] = field(default_factory=dict)


class KeptScores:
    """Of one model. The oldest answer is forgotten first."""

    def __init__(self) -> None:
        self._answers: list[_Answer] = []
        self._bytes = 0

    def keep(self, tokens: Sequence[int], rows: Sequence[Scores]) -> None:
        """The scores behind each of the last tokens; they are copied."""
        known = len(tokens) - len(rows)
        answer = self._take(list(tokens[:known])) or _Answer([])
        if answer.tokens[: len(tokens)] != tokens:
            answer.tokens = list(tokens)
            for length in [length for length in answer.scores if length > known]:
                self._bytes -= answer.scores.pop(length).nbytes
        for length, row in enumerate(rows, known + 1):
            if length not in answer.scores and self._make_room(row.nbytes):
                answer.scores[length] = np.array(row)
                self._bytes += row.nbytes
        self._answers.append(answer)
        if len(self._answers) > KEPT_ANSWERS:
            self._forget_oldest()

    def find(self, tokens: Sequence[int], rows: int) -> list[Scores]:
        """The scores behind each of the last ``rows`` tokens, or nothing where some of them are not known."""
        for answer in reversed(self._answers):
            lengths = range(len(tokens) - rows + 1, len(tokens) + 1)
            if answer.tokens[: len(tokens)] == tokens and all(each in answer.scores for each in lengths):
                return [answer.scores[length] for length in lengths]
        return []

    def _take(self, tokens: list[int]) -> _Answer | None:
        """The newest answer that begins with these tokens, taken out."""
        for at in range(len(self._answers) - 1, -1, -1):
            if self._answers[at].tokens[: len(tokens)] == tokens:
                return self._answers.pop(at)
        return None

    def _make_room(self, size: int) -> bool:
        while self._bytes + size > KEPT_SCORES_BYTES and self._answers:
            self._forget_oldest()
        return self._bytes + size <= KEPT_SCORES_BYTES

    def _forget_oldest(self) -> None:
        self._bytes -= sum(scores.nbytes for scores in self._answers.pop(0).scores.values())

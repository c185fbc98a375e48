"""Drafts for the answers of one model: what is guessed, as tokens, as far as it pays."""

from __future__ import annotations

import time
from collections.abc import Sequence

from ..limits import DRAFT_TOKENS
from ..runtimes.base import Runtime
from .drafts import Drafts
from .drafts_gain import Gain
from .proposals import Proposer


class DraftMaker:
    """For one model; ``gain`` is what was measured of it."""

    def __init__(self, model: Runtime, gain: Gain) -> None:
        self._model, self._gain = model, gain

    def drafts(self, proposer: Proposer) -> Drafts | None:
        """Drafts for an answer, from what is proposed. None where the model cannot take back what was
        wrong."""
        return AnswerDrafts(self._model, self._gain, proposer) if self._model.cuts else None


class AnswerDrafts:
    """See :class:`~.drafts.Drafts`. The proposer is asked once guesses may pay."""

    def __init__(self, model: Runtime, gain: Gain, proposer: Proposer) -> None:
        self._tokenize, self._piece, self._gain = model.tokenize, model.piece, gain
        self._proposer = proposer
        self._matches: list[int] = []
        self._silent: tuple[int, int] | None = None
        self._seconds = 0.0

    def propose(self, tokens: Sequence[int], limit: int) -> Sequence[int]:
        """What is not worth proposing is guessed all the same, to know when it is worth it again."""
        if self._silent is not None:
            at, token = self._silent
            self._gain.guessed(self._matches[0], tokens[at] == token)
        self._silent = None
        if not self._gain.hopeful():
            return ()
        began = time.perf_counter()
        ids = self._find(min(limit, DRAFT_TOKENS))
        count = self._gain.length([self._gain.odds(matched) for matched in self._matches])
        self._silent = (len(tokens), ids[0]) if ids and not count else None
        self._seconds = time.perf_counter() - began
        if not count:
            self._gain.settled(0, 0, self._seconds)
        return ids[:count]

    def verified(self, proposed: int, right: int) -> None:
        for at, matched in enumerate(self._matches[: min(proposed, right + 1)]):
            self._gain.guessed(matched, at < right)
        self._gain.settled(proposed, right, self._seconds)

    def _find(self, limit: int) -> list[int]:
        """The best guess; ``_matches`` is what was matched ahead of each of its tokens."""
        guess = next(iter(self._proposer.propose()), None)
        ids = self._tokenize(guess.text.decode("utf-8", "ignore")) if guess else []
        ids = ids[: min(limit, max(1, len(ids) - 1))]  # the last one is cut off somewhere
        matched, self._matches = guess.matched if guess else 0, []
        for token in ids:
            self._matches.append(matched)
            matched += len(self._piece(token))
        return ids

"""Drafts for the answers of one model: what is guessed, as tokens, as far as it pays."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from ..limits import DRAFT_PROMPT_TOKENS, DRAFT_SOURCE_BYTES, DRAFT_TOKENS
from ..runtimes.base import Runtime
from .drafts import Drafts, Guess, Source
from .drafts_gain import Gain
from .drafts_lookup import Lookup


class DraftMaker:
    """For one model; ``gain`` is what was measured of it."""

    def __init__(self, model: Runtime, gain: Gain) -> None:
        self._model, self._gain = model, gain

    def from_texts(self, prompt: Sequence[int], texts: Sequence[str]) -> Drafts | None:
        """Drafts for an answer that follows the last of some texts; the others are searched after it, the
        last one first. None where the model cannot take back what was wrong."""
        return self._drafts(prompt, lambda: [Lookup([_end(text) for text in texts])])

    def from_prompt(self, prompt: Sequence[int]) -> Drafts | None:
        """Drafts for an answer that follows a text whose tokens are all in the prompt."""
        return self._drafts(prompt, lambda: [Lookup([self._text(prompt[-DRAFT_PROMPT_TOKENS:])])])

    def _drafts(self, prompt: Sequence[int], sources: Callable[[], Sequence[Source]]) -> Drafts | None:
        return AnswerDrafts(self._model, self._gain, len(prompt), sources) if self._model.cuts else None

    def _text(self, tokens: Sequence[int]) -> bytes:
        return b"".join(map(self._model.piece, tokens))


class AnswerDrafts:
    """See :class:`~.drafts.Drafts`. ``sources`` makes what is asked for guesses, once they may pay; the
    answer's tokens follow the first ``begin``."""

    def __init__(
        self, model: Runtime, gain: Gain, begin: int, sources: Callable[[], Sequence[Source]]
    ) -> None:
        self._tokenize, self._piece, self._gain = model.tokenize, model.piece, gain
        self._make_sources = sources
        self._sources: Sequence[Source] | None = None
        self._followed = begin
        self._matches: list[int] = []
        self._silent: int | None = None
        self._seconds = 0.0

    def propose(self, tokens: Sequence[int], limit: int) -> Sequence[int]:
        """What is not worth proposing is guessed all the same, to know when it is worth it again."""
        if self._silent is not None:
            self._gain.guessed(self._matches[0], tokens[self._followed] == self._silent)
        self._silent = None
        if not self._gain.hopeful():
            return ()
        began = time.perf_counter()
        ids = self._find(tokens, min(limit, DRAFT_TOKENS))
        count = self._gain.length([self._gain.odds(matched) for matched in self._matches])
        self._silent = ids[0] if ids and not count else None
        self._seconds = time.perf_counter() - began
        if not count:
            self._gain.settled(0, 0, self._seconds)
        return ids[:count]

    def verified(self, proposed: int, right: int) -> None:
        for at, matched in enumerate(self._matches[: min(proposed, right + 1)]):
            self._gain.guessed(matched, at < right)
        self._gain.settled(proposed, right, self._seconds)

    def _find(self, tokens: Sequence[int], limit: int) -> list[int]:
        """The best guess of all sources; ``_matches`` is what was matched ahead of each of its tokens."""
        guess = self._ask(tokens)
        ids = self._tokenize(guess.text.decode("utf-8", "ignore")) if guess else []
        ids = ids[: min(limit, max(1, len(ids) - 1))]  # the last one is cut off somewhere
        matched, self._matches = guess.matched if guess else 0, []
        for token in ids:
            self._matches.append(matched)
            matched += len(self._piece(token))
        return ids

    def _ask(self, tokens: Sequence[int]) -> Guess | None:
        if self._sources is None:
            self._sources = self._make_sources()
        data = b"".join(map(self._piece, tokens[self._followed :]))
        self._followed = len(tokens)
        for source in self._sources:
            source.accept(data)
        guesses = [guess for source in self._sources if (guess := source.guess()) is not None]
        return max(guesses, key=lambda guess: guess.matched, default=None)


def _end(text: str) -> bytes:
    return text[-DRAFT_SOURCE_BYTES:].encode("utf-8", "replace")

"""A token model for tests: it says what it was told to say, through the same decoding as a real one.

Tokens are bytes; control tokens follow. Its answer, how slow it is and whether it dies are options, so
a fake can be endless, slow, failing or full of emoji, which a mock object cannot.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..prompt.detect import FimFormat
from ..prompt.families import FAMILIES, LINES_FIRST, Family
from ..prompt.vocabulary import Vocabulary

PREFIX, SUFFIX, MIDDLE, FILE_SEP, END = 256, 257, 258, 259, 260
VOCABULARY = 261


@dataclass(frozen=True, slots=True)
class FakeOptions:
    """``answer`` is said after the last control token, then the end token (or never, when ``endless``).

    In text and chats, of which at most a file's header is a control token, it goes on from as much of the
    answer as the text ends with.
    """

    answer: str = "pass"
    other_starts: str = ""
    """Characters that are nearly as likely as the answer's first one: sampling gives several answers."""
    endless: bool = False
    token_ms: float = 0.0
    prompt_token_ms: float = 0.0
    die_at_token: int | None = None
    context_length: int = 4096


def fake_format() -> FimFormat:
    """The bundled model's format with the fake's ids."""
    family = Family(
        "fake", FAMILIES[0].tokens, LINES_FIRST, file_header="{path}\n", own_header=True, empty_suffix=""
    )
    ids = {"prefix": PREFIX, "suffix": SUFFIX, "middle": MIDDLE, "file_sep": FILE_SEP}
    return FimFormat(family, ids, frozenset({END, *ids.values()}), found_by="keys")  # type: ignore[arg-type]


def fake_vocabulary() -> Vocabulary:
    """Its tokens, apart from fill-in-the-middle."""
    controls = {text: fake_format().ids[control] for control, text in fake_format().family.tokens.items()}
    return Vocabulary(VOCABULARY, fake_format().end_ids, {**controls, "</s>": END}, eos_id=END)


class FakeModel:
    """See :class:`~.base.TokenModel`; ``evaluated`` counts tokens, for tests of cache reuse."""

    def __init__(self, options: FakeOptions) -> None:
        self._options = options
        self._answer = options.answer.encode("utf-8", "surrogatepass")
        self._past: list[int] = []
        self.evaluated = 0

    @property
    def context_length(self) -> int:
        return self._options.context_length

    def tokenize(self, text: str) -> list[int]:
        return list(text.encode("utf-8", "replace"))

    def piece(self, token: int) -> bytes:
        return bytes([token]) if token < 256 else b""

    def evaluate(self, tokens: Sequence[int], past: int) -> None:
        assert past <= len(self._past), "evaluation after a gap"
        assert past + len(tokens) <= self.context_length, "evaluation past the context"
        self._past[past:] = tokens
        self.evaluated += len(tokens)
        each = self._options.token_ms if len(tokens) == 1 else self._options.prompt_token_ms
        if each:
            time.sleep(each * len(tokens) / 1000)

    def logits(self) -> NDArray[np.float32]:
        made = self._made()
        if self._options.die_at_token is not None and made >= self._options.die_at_token:
            os.kill(os.getpid(), signal.SIGKILL)
        scores = np.zeros(VOCABULARY, np.float32)
        if made == 0:
            scores[list(self._options.other_starts.encode())] = 19.0
        scores[self._next(made)] = 20.0
        return scores

    def _made(self) -> int:
        """How many tokens of the answer were said so far."""
        past = self._past
        start = next((i for i in range(len(past), 0, -1) if past[i - 1] >= 256), 0)
        if start and past[start - 1] != FILE_SEP:
            return len(past) - start
        text = bytes(past[start:])
        longest = min(len(text), len(self._answer))
        return next((n for n in range(longest, 0, -1) if text.endswith(self._answer[:n])), 0)

    def _next(self, position: int) -> int:
        if self._options.endless and self._answer:
            return self._answer[position % len(self._answer)]
        return self._answer[position] if position < len(self._answer) else END

    def close(self) -> None:
        self._past.clear()

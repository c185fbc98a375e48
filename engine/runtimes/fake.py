"""A runtime for tests: it says what it was told to say, through the same decoding as a real one.

Tokens are bytes; control tokens follow. Its answer, how slow it is and whether it dies are options, so
a fake can be endless, slow, failing or full of emoji, which a mock object cannot.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..prompt.detect import FimFormat
from ..prompt.families import FAMILIES, LINES_FIRST, Family, Files
from ..prompt.vocabulary import Vocabulary
from .base import Aborted, Scores, Span

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
    sequences: int = 1


def fake_format() -> FimFormat:
    """The bundled model's format with the fake's ids."""
    family = Family(
        "fake", FAMILIES[0].tokens, LINES_FIRST, files=Files("{path}\n", alone=True), empty_suffix=""
    )
    ids = {"prefix": PREFIX, "suffix": SUFFIX, "middle": MIDDLE, "file_sep": FILE_SEP}
    return FimFormat(family, ids, frozenset({END, *ids.values()}), found_by="keys")  # type: ignore[arg-type]


def fake_vocabulary() -> Vocabulary:
    """Its tokens, apart from fill-in-the-middle."""
    controls = {text: fake_format().ids[control] for control, text in fake_format().family.tokens.items()}
    return Vocabulary(VOCABULARY, fake_format().end_ids, {**controls, "</s>": END}, eos_id=END)


class FakeModel:
    """See :class:`~.base.Runtime`; ``evaluated`` counts tokens, for tests of cache reuse."""

    name = "fake"
    cuts = True
    batch = 512

    def __init__(self, options: FakeOptions) -> None:
        self._options = options
        self._answer = options.answer.encode("utf-8", "surrogatepass")
        self.held: list[list[int]] = [[] for _ in range(options.sequences)]
        self._spans: Sequence[Span] = ()
        self._aborted = threading.Event()
        self.evaluated = 0

    @property
    def sequences(self) -> int:
        return self._options.sequences

    @property
    def context_length(self) -> int:
        return self._options.context_length

    def tokenize(self, text: str) -> list[int]:
        return list(text.encode("utf-8", "replace"))

    def piece(self, token: int) -> bytes:
        return bytes([token]) if token < 256 else b""

    def decode(self, spans: Sequence[Span]) -> None:
        assert len({span.sequence for span in spans}) == len(spans), "two spans of one sequence"
        count = sum(len(span.tokens) for span in spans)
        assert 0 < count <= self.batch, "a batch that is empty or too large"
        for span in spans:
            held = self.held[span.sequence]
            assert span.past <= len(held), "evaluation after a gap"
            assert span.past + len(span.tokens) <= self.context_length, "evaluation past the context"
            assert 0 <= span.rows <= len(span.tokens), "more rows than tokens"
            del held[span.past :]
        decodes = count == sum(span.rows for span in spans)
        each = self._options.token_ms if decodes else self._options.prompt_token_ms
        self._take(each * count / 1000)
        for span in spans:
            self.held[span.sequence] += span.tokens
        self._spans = spans
        self.evaluated += count

    def _take(self, seconds: float) -> None:
        """Take so long; only a long call can be ended."""
        self._aborted.clear()
        if seconds < 1:
            time.sleep(seconds)
        elif self._aborted.wait(seconds):
            raise Aborted

    def logits(self, span: int, row: int = 0) -> Scores:
        wanted = self._spans[span]
        assert 0 <= row < wanted.rows, "a row that was not asked for"
        held = self.held[wanted.sequence]
        past = held[: len(held) - wanted.rows + row + 1]
        made = self._made(past)
        if self._options.die_at_token is not None and made >= self._options.die_at_token:
            os.kill(os.getpid(), signal.SIGSEGV)
        scores = np.zeros(VOCABULARY, np.float32)
        if made == 0:
            scores[list(self._options.other_starts.encode())] = 19.0
        scores[self._next(made)] = 20.0
        return scores

    def copy(self, source: int, target: int, length: int) -> None:
        assert length <= len(self.held[source]), "a copy of what is not there"
        self.held[target][:] = self.held[source][:length]

    def keep(self, sequence: int, length: int) -> None:
        del self.held[sequence][length:]

    def abort(self) -> None:
        self._aborted.set()

    def _made(self, past: list[int]) -> int:
        """How many tokens of the answer were said so far."""
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
        self.held.clear()

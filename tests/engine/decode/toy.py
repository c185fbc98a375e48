"""A model with words for tokens, which says whatever its seed says: for tests of what tokens spell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fimble.engine.prompt.pieces import PieceTable
from fimble.engine.prompt.vocabulary import Vocabulary
from fimble.engine.runtimes.base import Scores, Span
from fimble.engine.runtimes.fake import FakeModel, FakeOptions

WORDS = [
    b"re", b"ret", b"return", b" return", b" ret", b"turn", b" t", b" the", b"  ", b"    ", b"\n\n", b"()",
    b"):\n", b"==", b" =", b" ==", b"se", b"self", b"self.", b"\xc3\xa9", b"l\xc3", b"ll", b"\xf0\x9f",
]  # fmt: skip
PIECES = [*(bytes([n]) for n in range(256)), *WORDS, b""]
END = len(PIECES) - 1
VOCABULARY = Vocabulary(len(PIECES), frozenset({END}), {"</s>": END}, eos_id=END)


class Toy(FakeModel):
    """Its tokens are bytes and some words; the longest one is taken first. What it says depends on what it
    was given and on ``seed``; its favourites are words."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__(FakeOptions())
        self._seed = seed

    def tokenize(self, text: str) -> list[int]:
        data, ids = text.encode("utf-8", "replace"), []
        while data:
            ids.append(table().first_of(data)[0])
            data = data[len(PIECES[ids[-1]]) :]
        return ids

    def piece(self, token: int) -> bytes:
        return PIECES[token]

    def decode(self, spans: Sequence[Span]) -> None:
        self._rows = spans
        for span in spans:
            del self.held[span.sequence][span.past :]
            self.held[span.sequence] += span.tokens

    def logits(self, span: int, row: int = 0) -> Scores:
        wanted = self._rows[span]
        held = self.held[wanted.sequence]
        seen = held[: len(held) - wanted.rows + row + 1]
        random = np.random.default_rng([self._seed, len(seen), *seen[-3:]])
        scores = random.normal(0, 2, len(PIECES)).astype(np.float32)
        scores[256:] += 2
        return scores


def table() -> PieceTable:
    return PieceTable(len(PIECES), PIECES.__getitem__)

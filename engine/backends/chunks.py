"""Tokenising what was tokenised before: texts are cut where no token can reach across, and pieces kept.

While somebody types, a prompt differs from the last one in its last line, but a tokenizer reads all of
it. Where no token of the vocabulary has a line end with a certain character behind it, a text may be cut
between the two: the pieces' ids are exactly the whole text's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

KEPT_PIECES = 4096


class ChunkedTokenizer:
    """``tokenize`` with a memory, for a tokenizer whose tokens are merged from neighbours only (BPE)."""

    def __init__(self, tokenize: Callable[[str], list[int]], tokens: Iterable[str]) -> None:
        """``tokens`` are the vocabulary's texts, with ``▁`` for a space as sentencepiece writes them."""
        self._cut = cut_pattern(tokens)
        self._piece = lru_cache(KEPT_PIECES)(lambda piece: tuple(tokenize(piece)))

    def tokenize(self, text: str) -> list[int]:
        ids: list[int] = []
        for piece in self._cut.split(text):
            ids += self._piece(piece)
        return ids


def cut_pattern(tokens: Iterable[str]) -> re.Pattern[str]:
    """Matches the empty places behind a line end at which no token of the vocabulary reaches across."""
    joined = {char for token in tokens for char in re.findall(r"\n(.)", token, re.DOTALL)}
    joined |= {" "} if "▁" in joined else set()
    unsafe = "".join(map(re.escape, sorted(joined | {"\n"})))
    return re.compile(rf"(?<=\n)(?=[^{unsafe}])")

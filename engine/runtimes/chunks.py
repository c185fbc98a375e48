"""Tokenising what was tokenised before: texts are cut where no token can reach across, and pieces kept.

While somebody types, a prompt differs from the last one in its last line, but a tokenizer reads all of
it. Where no token of the vocabulary has a line end with a certain character behind it (sentencepiece), or
ahead of it (byte pairs), a text may be cut between the two: the pieces' ids are exactly the whole text's.
"""

from __future__ import annotations

import re
import sys
from array import array
from collections.abc import Callable, Iterable
from string import ascii_letters, digits

from ..limits import PIECE_CACHE_BYTES, PIECE_CHARACTERS

_LINE_ENDS = ("\n", "Ċ")
"""As it is, and as byte-pair vocabularies write it."""
_ENTRY_BYTES = 200
"""What an entry takes beside its text and its ids."""


class ChunkedTokenizer:
    """``tokenize`` with a memory, for a tokenizer whose tokens are merged from neighbours only."""

    def __init__(self, tokenize: Callable[[str], list[int]], cut: re.Pattern[str]) -> None:
        """``cut`` matches the empty places where a text may be cut."""
        self._tokenize, self._cut, self._kept = tokenize, cut, PieceCache(PIECE_CACHE_BYTES)

    @property
    def bytes_kept(self) -> int:
        return self._kept.bytes

    def tokenize(self, text: str) -> list[int]:
        ids: list[int] = []
        for piece in self._cut.split(text):
            ids += self._piece(piece)
        return ids

    def _piece(self, piece: str) -> Iterable[int]:
        if len(piece) > PIECE_CHARACTERS:
            return self._tokenize(piece)
        found = self._kept.get(piece)
        if found is None:
            found = array("i", self._tokenize(piece))
            self._kept.put(piece, found)
        return found


class PieceCache:
    """The ids of pieces of text, at most ``most`` bytes of both; what was not used for longest goes first."""

    def __init__(self, most: int) -> None:
        self._most, self.bytes = most, 0
        self._entries: dict[str, array[int]] = {}

    def get(self, piece: str) -> array[int] | None:
        found = self._entries.pop(piece, None)
        if found is not None:
            self._entries[piece] = found
        return found

    def put(self, piece: str, ids: array[int]) -> None:
        """Keep the ids of a piece that is not kept yet."""
        self._entries[piece] = ids
        self.bytes += _size(piece, ids)
        while self.bytes > self._most:
            oldest = next(iter(self._entries))
            self.bytes -= _size(oldest, self._entries.pop(oldest))


def _size(piece: str, ids: array[int]) -> int:
    return sys.getsizeof(piece) + sys.getsizeof(ids) + _ENTRY_BYTES


def sentencepiece_cut(tokens: Iterable[str]) -> re.Pattern[str]:
    """Where no token of a sentencepiece vocabulary, with ``▁`` for a space, reaches across a line's end."""
    joined = {char for token in tokens if "\n" in token for char in re.findall(r"\n(.)", token, re.DOTALL)}
    joined |= {" "} if "▁" in joined else set()
    unsafe = "".join(map(re.escape, sorted(joined | {"\n"})))
    return re.compile(rf"(?<=\n)(?=[^{unsafe}])")


def byte_pair_cut(tokens: Iterable[str]) -> re.Pattern[str]:
    """Between a letter or digit and the line end behind it, where no token of the vocabulary has both.

    A byte-pair tokenizer splits a text by a pattern first. All patterns that llama.cpp knows end a word or a
    number ahead of a line's end; what they do with spaces and signs depends on what follows.
    """
    ending = (token for token in tokens for end in _LINE_ENDS if end in token)
    joined = {
        char for token in ending for char in re.findall(rf"(.)[{''.join(_LINE_ENDS)}]", token, re.DOTALL)
    }
    safe = "".join(char for char in ascii_letters + digits if char not in joined)
    return re.compile(rf"(?<=[{safe}])(?=\n)" if safe else "(?!)")

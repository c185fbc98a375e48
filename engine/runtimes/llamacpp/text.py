"""Text to ids and back: exactly the model's own tokens, and never a control token out of text."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Any

from ...models.gguf import Header
from ...prompt.vocabulary import read_vocabulary
from ..chunks import ChunkedTokenizer, byte_pair_cut, sentencepiece_cut
from .library import Library

_CONTROL = 3
_CUTS = {"llama": sentencepiece_cut, "gpt2": byte_pair_cut}


class Tokenizer:
    """The vocabulary of a loaded model."""

    def __init__(self, library: Library, vocab: Any, header: Header) -> None:
        self._ffi, self._lib, self._vocab = library.ffi, library.lib, vocab
        tokens: list[str] = header.metadata["tokenizer.ggml.tokens"]
        types: list[int] = header.metadata.get("tokenizer.ggml.token_type", [])
        self._controls = frozenset(
            {i for i, kind in enumerate(types) if kind == _CONTROL}
            | set(read_vocabulary(header.metadata).controls.values())
        )
        self._spelled = _occurrences(tokens[i] for i in self._controls)
        self.piece: Callable[[int], bytes] = cache(self._read_piece)
        self._space = self._ffi.new("char[]", 256)
        self._ids = self._ffi.new("int32_t[]", 4096)
        cut = _CUTS.get(header.metadata["tokenizer.ggml.model"])
        self.tokenize = ChunkedTokenizer(self.whole, cut(tokens)).tokenize if cut else self.whole

    def _read_piece(self, token: int) -> bytes:
        size = len(self._space)
        count = self._lib.llama_token_to_piece(self._vocab, token, self._space, size, 0, False)
        if count < 0:
            self._space = self._ffi.new("char[]", -count)
            return self._read_piece(token)
        return bytes(self._ffi.buffer(self._space, count))

    def whole(self, text: str) -> list[int]:
        """The ids of a text in one go.

        llama.cpp reads user-defined tokens out of every text, and merges may spell others: a text with
        control tokens in it is cut within each of them.
        """
        ids = self._raw(text)
        if self._controls.isdisjoint(ids):
            return ids
        cuts = [0, *(found.start() + 1 for found in self._spelled.finditer(text)), len(text)]
        pieces = (text[begin:end] for begin, end in pairwise(cuts))
        return [token for piece in pieces for token in self._raw(piece) if token not in self._controls]

    def _raw(self, text: str) -> list[int]:
        data = text.encode("utf-8", "replace")
        if not data:
            return []
        if len(self._ids) < len(data) + 1:  # one id a byte at most
            self._ids = self._ffi.new("int32_t[]", 2 * len(data))
        count = self._lib.llama_tokenize(
            self._vocab, data, len(data), self._ids, len(self._ids), False, False
        )
        if count < 0:
            raise ValueError("a text with more tokens than bytes")
        return list(self._ffi.unpack(self._ids, count)) if count else []


def _occurrences(texts: Any) -> re.Pattern[str]:
    """Matches, without length, where one of the texts begins; texts of one character cannot be cut."""
    longest_first = sorted((text for text in texts if len(text) > 1), key=len, reverse=True)
    return re.compile(f"(?={'|'.join(map(re.escape, longest_first))})" if longest_first else "(?!)")

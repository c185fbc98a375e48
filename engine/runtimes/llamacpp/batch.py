"""The arrays of one native call, made once and filled anew for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base import Span


class Batch:
    """A ``llama_batch`` of at most ``size`` tokens in ``sequences`` sequences.

    Writing into numpy arrays costs a microsecond for a span; a call of a C function would for each token.
    """

    def __init__(self, ffi: Any, size: int, sequences: int) -> None:
        self._tokens, self._places = np.zeros(size, np.int32), np.zeros(size, np.int32)
        self._wanted = np.zeros(size, np.int8)
        self._counts, self._ids = np.ones(size, np.int32), np.arange(sequences, dtype=np.int32)
        self._pointers = np.zeros(size, np.uint64)
        self._address = int(self._ids.ctypes.data)
        self._native = ffi.new("llama_batch *")
        self._native.embd = ffi.NULL
        arrays: dict[str, tuple[NDArray[Any], str]] = {
            "token": (self._tokens, "int32_t *"),
            "pos": (self._places, "int32_t *"),
            "n_seq_id": (self._counts, "int32_t *"),
            "seq_id": (self._pointers, "int32_t **"),
            "logits": (self._wanted, "int8_t *"),
        }
        for name, (array, kind) in arrays.items():
            setattr(self._native, name, ffi.cast(kind, array.ctypes.data))
        self._ends: list[int] = []
        self._spans: Sequence[Span] = ()

    def fill(self, spans: Sequence[Span]) -> Any:
        """The structure to pass, valid until the next call.

        Sequences are put in rising order: llama.cpp evaluates those that follow one another at once.
        """
        at = 0
        self._ends, self._spans = [0] * len(spans), spans
        for number in sorted(range(len(spans)), key=lambda number: spans[number].sequence):
            span = spans[number]
            begin, at = at, at + len(span.tokens)
            self._put(span, begin, at)
            self._ends[number] = at
        self._native.n_tokens = at
        return self._native[0]

    def _put(self, span: Span, begin: int, end: int) -> None:
        pointer = self._address + 4 * span.sequence
        if end - begin == 1:
            self._tokens[begin], self._places[begin] = span.tokens[0], span.past
            self._pointers[begin], self._wanted[begin] = pointer, span.rows
            return
        self._tokens[begin:end] = span.tokens
        self._places[begin:end] = np.arange(span.past, span.past + end - begin)
        self._pointers[begin:end] = pointer
        self._wanted[begin : end - span.rows] = 0
        self._wanted[end - span.rows : end] = 1

    def place(self, span: int, row: int) -> int:
        """Where in the last call a span's row is."""
        rows = self._spans[span].rows
        if not 0 <= row < rows:
            raise ValueError("a row that was not asked for")
        return self._ends[span] - rows + row

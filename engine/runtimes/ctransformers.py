"""The runtime ctransformers, token by token through its C interface: one sequence, models of 2023.

Its Python layer is used to load a model; evaluation passes ``n_past`` explicitly, which makes reuse of
the cache exact, and tokenisation avoids the space that the library puts ahead of a text.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from ctransformers.llm import LLM, Config

from ..errors import ModelFileError, NoFimTokens, WorkerCrashed
from ..models.gguf import Header
from .base import Scores, Span
from .chunks import ChunkedTokenizer, sentencepiece_cut
from .llama_file import check_llama
from .threads import ThreadCount

_SENTINEL = "\x01"
_ARCHITECTURES = ("llama",)


def check(header: Header) -> None:
    """Whether this runtime can load the model; :class:`ModelFileError` says why not."""
    architecture = header.architecture
    tokenizer = header.metadata.get("tokenizer.ggml.model")
    if architecture not in _ARCHITECTURES or tokenizer != "llama":
        raise ModelFileError(
            f"The bundled runtime cannot load {header.path}: it knows llama models with a sentencepiece "
            f"tokenizer, and this is {architecture[:80] or 'unnamed'} with {str(tokenizer)[:80]}. "
            "Choose one that it knows, such as CodeLlama, or `bundled`."
        )
    check_llama(header)


class CTransformers:
    """See :class:`~.base.Runtime`. It keeps one sequence; of several rows of scores each takes a call."""

    name = "ctransformers"
    sequences = 1
    cuts = True

    def __init__(self, header: Header, *, threads: int, context_length: int, batch: int) -> None:
        """Load a model that :func:`check` has let pass."""
        config = Config(context_length=context_length, threads=threads, mmap=True)
        try:
            self._llm = LLM(str(header.path), config=config, lib=_library())
        except (OSError, RuntimeError, ValueError) as error:
            raise ModelFileError(f"ctransformers could not load {header.path}: {error}") from error
        self._threads, self._context_length, self.batch = ThreadCount(threads), context_length, batch
        self._tokens: list[str] = header.metadata["tokenizer.ggml.tokens"]
        self.piece: Callable[[int], bytes] = cache(self._read_piece)
        self._rows: list[Scores] = []
        self._types: list[int] = header.metadata["tokenizer.ggml.token_type"]
        self._nul = self._tokens.index("<0x00>") if "<0x00>" in self._tokens else None
        self._prefix = self._raw_tokenize(_SENTINEL)
        self._chunks = ChunkedTokenizer(self._tokenize_piece, sentencepiece_cut(self._tokens))

    @property
    def context_length(self) -> int:
        return self._context_length

    def tokenize(self, text: str) -> list[int]:
        if "\0" in text:  # C strings end there
            first, *rest = (self._chunks.tokenize(part) for part in text.split("\0"))
            nul = [self._nul] if self._nul is not None else []
            return [*first, *(token for part in rest for token in [*nul, *part])]
        return self._chunks.tokenize(text)

    def _tokenize_piece(self, text: str) -> list[int]:
        """The library puts a space ahead of a text: a control character keeps it away from ours."""
        if not text:
            return []
        ids = self._raw_tokenize(_SENTINEL + text)
        if ids[: len(self._prefix)] != self._prefix:
            raise NoFimTokens("This model's tokenizer merges control characters, which is not supported.")
        return ids[len(self._prefix) :]

    def _raw_tokenize(self, text: str) -> list[int]:
        data = text.encode("utf-8", "replace")
        # one id a byte at most, and the space: the library's own buffer is too small for non-ASCII text
        out = (ctypes.c_int * (len(data) + 8))()
        count = self._llm.ctransformers_llm_tokenize(data, False, out)
        return list(out[:count])

    def _read_piece(self, token: int) -> bytes:
        kind, text = self._types[token], self._tokens[token]
        if kind == 6:  # a byte: "<0x0A>"
            return bytes([int(text[3:-1], 16)])
        if kind in (2, 3):  # unknown and control tokens
            return b""
        return text.replace("▁", " ").encode("utf-8", "replace")

    def decode(self, spans: Sequence[Span]) -> None:
        (span,) = spans
        if span.sequence:
            raise ValueError("ctransformers has one sequence")
        first, past = len(span.tokens) - max(0, span.rows - 1), span.past
        self._evaluate(span.tokens[:first], past)
        self._rows = [self._scores()]
        for at in range(first, len(span.tokens)):
            self._rows[-1] = self._rows[-1].copy()  # the next call overwrites it
            self._evaluate(span.tokens[at : at + 1], past + at)
            self._rows.append(self._scores())

    def _evaluate(self, tokens: Sequence[int], past: int) -> None:
        count = len(tokens)
        if past + count > self._context_length:
            raise ValueError("evaluation past the end of the context")
        array = (ctypes.c_int * count)(*tokens)
        if not self._llm.ctransformers_llm_batch_eval(array, count, past, count, self._threads.now()):
            raise WorkerCrashed("The model could not evaluate its input.")

    def logits(self, span: int, row: int = 0) -> Scores:
        return self._rows[row]

    def _scores(self) -> Scores:
        size = self._llm.ctransformers_llm_logits_size()
        data = self._llm.ctransformers_llm_logits_data()
        return np.ctypeslib.as_array(data, (size,))

    def copy(self, source: int, target: int, length: int) -> None:
        raise ValueError("ctransformers has one sequence")

    def keep(self, sequence: int, length: int) -> None:
        """Nothing to do: evaluation tells how much is kept."""

    def abort(self) -> None:
        """A native call cannot be ended; it has no more than ``batch`` tokens."""

    def close(self) -> None:
        llm, self._llm = self._llm, None
        del llm  # frees the native memory


def _library() -> str | None:
    """The fastest build for this processor. The library's own search takes a second, so look first."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        flags = Path("/proc/cpuinfo").read_text(errors="replace")
    except OSError:
        return None
    return "avx2" if " avx2" in flags else None

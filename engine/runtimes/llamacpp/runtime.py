"""The runtime llama.cpp: many sequences, evaluated in one native call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import ModelFileError, WorkerCrashed
from ...models.gguf import Header
from ..base import Aborted, Scores, Span
from ..threads import ThreadCount
from .batch import Batch
from .library import Library, open_library
from .text import Tokenizer

_ABORTED = 2
_BOOL_OVERRIDE = 2
_NO_SPACE = b"tokenizer.ggml.add_space_prefix"
_MICROBATCH = 512
_PLAIN_ATTENTION, _Q8_0 = 0, 8


class LlamaCpp:
    """See :class:`~..base.Runtime`."""

    name = "llamacpp"

    def __init__(
        self,
        header: Header,
        *,
        threads: int,
        context_length: int,
        sequences: int,
        batch: int,
        gpu_layers: int = -1,
        library: Library | None = None,
    ) -> None:
        """Load a model that :func:`~.check.check` has let pass. ``gpu_layers`` -1: all that fit."""
        library = library or open_library()
        self._ffi, self._lib = library.ffi, library.lib
        self._sequences, self._context_length, self.batch = sequences, context_length, batch
        self._held = [0] * sequences
        self._threads, self._threads_now = ThreadCount(threads), threads
        self._model = self._load(library, header, gpu_layers)
        self.cuts = not (
            self._lib.llama_model_is_recurrent(self._model) or self._lib.llama_model_is_hybrid(self._model)
        )
        self._flag = self._flag_of_abort()
        try:
            self._context = self._open(library, header, threads)
        except ModelFileError:
            self._lib.llama_model_free(self._model)
            raise
        self._memory = self._lib.llama_get_memory(self._context)
        vocab = self._lib.llama_model_get_vocab(self._model)
        self._scores_bytes = 4 * self._lib.llama_vocab_n_tokens(vocab)
        self._batch = Batch(self._ffi, batch, sequences)
        self.tokenizer = Tokenizer(library, vocab, header)
        self.tokenize, self.piece = self.tokenizer.tokenize, self.tokenizer.piece

    @property
    def sequences(self) -> int:
        return self._sequences

    @property
    def context_length(self) -> int:
        return self._context_length

    def _load(self, library: Library, header: Header, gpu_layers: int) -> Any:
        params = self._lib.llama_model_default_params()
        params.n_gpu_layers = gpu_layers
        overrides = self._ffi.new("kv_override[2]")  # an empty key ends the list
        overrides[0].tag, overrides[0].key, overrides[0].truth = _BOOL_OVERRIDE, _NO_SPACE, False
        params.kv_overrides = overrides
        library.log.clear()
        model = self._lib.llama_model_load_from_file(
            str(header.path).encode("utf-8", "surrogateescape"), params
        )
        if model == self._ffi.NULL:
            raise ModelFileError(
                f"llama.cpp could not load {header.path}: {library.log.first()}. "
                "Choose another model, or download it again."
            )
        return model

    def _open(self, library: Library, header: Header, threads: int) -> Any:
        params = self._lib.llama_context_default_params()
        params.n_ctx, params.n_seq_max = self._context_length * self._sequences, self._sequences
        params.n_batch, params.n_ubatch = self.batch, min(self.batch, _MICROBATCH)
        params.n_threads = params.n_threads_batch = threads
        if self._takes_short_keys(header):
            params.flash_attn_type, params.type_k = _PLAIN_ATTENTION, _Q8_0
        params.abort_callback = self._ffi.addressof(self._lib, "ggml_get_no_alloc")
        params.abort_callback_data = self._flag
        library.log.clear()
        context = self._lib.llama_init_from_model(self._model, params)
        if context == self._ffi.NULL:
            raise ModelFileError(
                f"llama.cpp could not prepare {header.path}: {library.log.first()}. "
                "Choose a smaller model, or set `window_tokens` or `cache_tokens` to less."
            )
        return context

    def _takes_short_keys(self, header: Header) -> bool:
        """Whether the cache may have keys of 8 bits, in blocks of 32. On a processor they and plain attention
        make typing a sixth cheaper than flash attention over f16, which is what a GPU likes best."""
        width = header.number("embedding_length") // max(1, header.number("attention.head_count", 1))
        key = header.number("attention.key_length", width)
        plain = self.cuts and not header.number("attention.kv_lora_rank")
        return plain and key > 0 and key % 32 == 0 and not self._lib.llama_supports_gpu_offload()

    def _flag_of_abort(self) -> Any:
        """A byte that one thread sets and the native call reads: a context of ggml's, of which nothing but
        its ``no_alloc`` is used. A callback into Python would wait for the interpreter at every layer."""
        params = self._ffi.new("ggml_init_params *", {"mem_size": 1024})
        return self._ffi.gc(self._lib.ggml_init(params[0]), self._lib.ggml_free)

    def decode(self, spans: Sequence[Span]) -> None:
        self._check(spans)
        for span in spans:
            self.keep(span.sequence, span.past)
        native = self._batch.fill(spans)
        self._use_threads()
        self._lib.ggml_set_no_alloc(self._flag, False)
        status = self._lib.llama_decode(self._context, native)
        if status:
            self._undo(spans, status)
        for span in spans:
            self._held[span.sequence] = span.past + len(span.tokens)

    def _check(self, spans: Sequence[Span]) -> None:
        count = 0
        for span in spans:
            here, held = len(span.tokens), self._held[span.sequence]
            count += here
            if not here or span.past + here > self._context_length or not 0 <= span.rows <= here:
                raise ValueError("a span that is empty, too long or has more rows than tokens")
            if span.past > held or (not self.cuts and 0 < span.past < held):
                raise ValueError("a span that does not continue what its sequence holds")
        if not 0 < count <= self.batch:
            raise ValueError("a batch that is empty or too large")

    def _use_threads(self) -> None:
        now = self._threads.now()
        if now != self._threads_now:
            self._threads_now = now
            self._lib.llama_set_n_threads(self._context, now, now)

    def _undo(self, spans: Sequence[Span], status: int) -> None:
        for span in spans:
            self._drop(span.sequence, span.past if self.cuts else 0)
        if status == _ABORTED:
            raise Aborted
        raise WorkerCrashed("The model could not evaluate its input.")

    def logits(self, span: int, row: int = 0) -> Scores:
        data = self._lib.llama_get_logits_ith(self._context, self._batch.place(span, row))
        if data == self._ffi.NULL:
            raise WorkerCrashed("The model has no scores where it should.")
        return np.frombuffer(self._ffi.buffer(data, self._scores_bytes), np.float32)

    def copy(self, source: int, target: int, length: int) -> None:
        if length > self._held[source] or not (self.cuts or length in (0, self._held[source])):
            raise ValueError("a copy of what is not there, or of a part that cannot be cut")
        if source != target and length:
            self._drop(target, 0)
            self._lib.llama_memory_seq_cp(self._memory, source, target, -1, -1)
            self._held[target] = self._held[source]
        self.keep(target, length)

    def keep(self, sequence: int, length: int) -> None:
        if length < self._held[sequence]:
            if length and not self.cuts:
                raise ValueError("this model's sequences cannot be shortened")
            self._drop(sequence, length)

    def _drop(self, sequence: int, length: int) -> None:
        self._lib.llama_memory_seq_rm(self._memory, sequence, length, -1)
        self._held[sequence] = length

    def abort(self) -> None:
        self._lib.ggml_set_no_alloc(self._flag, True)

    def close(self) -> None:
        self._lib.llama_free(self._context)
        self._lib.llama_model_free(self._model)

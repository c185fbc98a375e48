"""How much memory a model takes, how many places its cache has, and what llama.cpp is not given to load."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.errors import ModelFileError
from fimble.engine.models.catalogue import bundled_path
from fimble.engine.models.gguf import Header, read_header
from fimble.engine.runtimes.llamacpp.check import LEAST_CONTEXT, check
from fimble.engine.runtimes.memory import (
    CACHE_PART,
    FREE_BYTES,
    SEQUENCES,
    SEQUENCES_WANTED,
    cache_bytes,
    check_memory,
    free_bytes,
    sequence_count,
)
from fimble.engine.workers.messages import WorkerOptions
from fimble.engine.workers.opened import open_model

from ..models_made import Made

BUNDLED = read_header(bundled_path())
A_TOKEN = 5 * 2 * 2 * 64 * 2
"""Layers, keys and values, heads, their width, bytes."""


def changed(**values: Any) -> Header:
    return replace(
        BUNDLED, metadata={**BUNDLED.metadata, **{key.replace("__", "."): values[key] for key in values}}
    )


def test_bytes_of_a_token_in_the_cache() -> None:
    assert cache_bytes(BUNDLED) == A_TOKEN
    assert cache_bytes(changed(llama__attention__head_count_kv=[2, 0, 0, 2, 0])) == A_TOKEN * 2 / 5
    assert (
        cache_bytes(changed(llama__attention__key_length=128, llama__attention__value_length=128))
        == A_TOKEN * 2
    )
    latent = changed(llama__attention__kv_lora_rank=64, llama__rope__dimension_count=32)
    assert cache_bytes(latent) == 5 * 2 * (64 + 32)


@pytest.mark.parametrize(
    ("cache_tokens", "wanted", "free", "count"),
    [
        (8_000, 0, 0, 8),
        (8_000, 2, 0, 8),
        (10, 0, 0, 1),
        (10**9, 0, 0, SEQUENCES),
        (0, 0, 10**12, SEQUENCES_WANTED),
        (0, 20, 10**12, 20),
        (0, 0, 3 * 1000 * A_TOKEN * CACHE_PART, 3),
        (0, 0, 0, 1),
    ],
)
def test_places_of_a_cache(cache_tokens: int, wanted: int, free: int, count: int) -> None:
    assert sequence_count(BUNDLED, 1000, cache_tokens, wanted, free) == count


@given(st.integers(0, 10**6), st.integers(0, 100), st.integers(0, 10**11), st.integers(1, 10**5))
def test_a_cache_has_places_within_its_bounds(cache: int, wanted: int, free: int, context: int) -> None:
    count = sequence_count(BUNDLED, context, cache, wanted, free)
    assert 1 <= count <= SEQUENCES
    assert count == 1 or cache == 0 or count * context <= cache
    assert count == 1 or cache or count * context * A_TOKEN <= free / CACHE_PART


def test_a_model_that_does_not_fit_is_refused() -> None:
    needed = sum(tensor.bytes for tensor in BUNDLED.tensors) + 1000 * A_TOKEN
    check_memory(BUNDLED, 1000, needed)
    with pytest.raises(ModelFileError, match=r"needs about 0\.0 GB of memory.*Choose a smaller model"):
        check_memory(BUNDLED, 1000, needed - 1)


def test_free_memory_is_known_or_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert 0 < free_bytes() < physical
    monkeypatch.delattr(os, "sysconf")
    monkeypatch.setattr(Path, "read_text", unreadable)
    assert free_bytes() == FREE_BYTES


def test_files_that_a_control_group_keeps_count_as_free(monkeypatch: pytest.MonkeyPatch) -> None:
    group = {"memory.max": "1000000", "memory.current": "900000", "memory.stat": "anon 1\nactive_file 300000"}

    def read_text(path: Path) -> str:
        return group[path.name] if path.name in group else unreadable(path)

    monkeypatch.setattr(Path, "read_text", read_text)
    assert free_bytes() == 400_000


def unreadable(path: Path) -> str:
    raise FileNotFoundError(path)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"tokenizer__ggml__model": "bert"}, "its tokenizer is 'bert'"),
        ({"tokenizer__ggml__tokens": ["a"]}, "differ in length"),
        ({"llama__context_length": LEAST_CONTEXT - 1}, "context_length is 63"),
        ({"llama__block_count": 1 << 31}, "block_count is"),
    ],
)
def test_what_llamacpp_would_not_survive_is_refused(values: dict[str, Any], said: str) -> None:
    check(BUNDLED)
    with pytest.raises(ModelFileError, match=said):
        check(changed(**values))


def test_an_architecture_that_nobody_knows_is_one_sentence(
    model_file: Callable[[Made], Path], tmp_path: Path
) -> None:
    data = model_file(Made("qwen2", "unheard", "qwen2", ("<|end|>",))).read_bytes()
    path = tmp_path / "unheard.gguf"
    path.write_bytes(
        data.replace(b"qwen2.", b"qwenX.").replace(
            b"general.architecture\x08\0\0\0\x05\0\0\0\0\0\0\0qwen2",
            b"general.architecture\x08\0\0\0\x05\0\0\0\0\0\0\0qwenX",
        )
    )
    for runtime in ("auto", "llamacpp"):
        with pytest.raises(
            ModelFileError, match=r"^llama\.cpp could not load .*unknown model arch.*'qwenX'\. "
        ):
            open_model(WorkerOptions(str(path), runtime=runtime, context_length=128))

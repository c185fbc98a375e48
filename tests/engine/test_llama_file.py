"""Llama files that the bundled runtime would not survive are refused with a sentence, and in no time."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fimble.engine.errors import ModelFileError, NoFimTokens
from fimble.engine.limits import MODEL_ARRAY_ITEMS, MODEL_METADATA_BYTES, MODEL_TEXT_BYTES
from fimble.engine.models.catalogue import bundled_path
from fimble.engine.models.gguf import read_header
from fimble.engine.prompt.detect import detect, end_ids
from fimble.engine.prompt.vocabulary import read_vocabulary
from fimble.engine.runtimes.ctransformers import check

from .gguf_files import gguf, text
from .tiny_llama import TOKENS, WIDTH, Typed, metadata, tiny, types, weights


def checked(folder: Path, data: bytes) -> None:
    path = folder / "m.gguf"
    path.write_bytes(data)
    check(read_header(path))


def test_the_tiny_and_the_bundled_model_pass(tmp_path: Path) -> None:
    checked(tmp_path, tiny())
    check(read_header(bundled_path()))


def array(kind: int, count: int, body: bytes = b"") -> Typed:
    made = Typed(9, "I", kind)
    made.data += struct.pack("<Q", count) + body
    return made


FLOATS = array(12, len(TOKENS), bytes(8 * len(TOKENS)))
NESTED = array(9, 1, struct.pack("<IQI", 4, 1, 7))


@pytest.mark.parametrize(
    ("key", "item", "reason"),
    [
        ("tokenizer.ggml.bos_token_id", len(TOKENS), "bos token"),
        ("tokenizer.ggml.eos_token_id", 2**32 - 1, "eos token"),
        ("tokenizer.ggml.unknown_token_id", Typed(5, "i", -(2**31)), "type i32"),
        ("tokenizer.ggml.padding_token_id", 2**31, "padding token"),
        ("tokenizer.ggml.tokens", [7] * len(TOKENS), "type \\[u32\\]"),
        ("tokenizer.ggml.tokens", NESTED, "array of arrays"),
        ("tokenizer.ggml.tokens", ["x" * 2_000, *TOKENS[1:]], "characters"),
        ("tokenizer.ggml.tokens", [*TOKENS[:6], "y", *TOKENS[7:]], "byte"),
        ("tokenizer.ggml.token_type", types([1] * len(TOKENS), 0, "B"), "type \\[u8\\]"),
        ("tokenizer.ggml.scores", FLOATS, "type \\[f64\\]"),
        ("tokenizer.ggml.scores", [1] * len(TOKENS), "type \\[u32\\]"),
        ("tokenizer.ggml.scores", [float("nan")] * len(TOKENS), "no number"),
        ("tokenizer.ggml.scores", [0.0] * 9, "differ in length"),
        ("llama.block_count", 16_000_000, "layers have"),
        ("llama.context_length", 2**31, "damaged"),
        ("llama.embedding_length", 64, "rotary"),
        ("llama.feed_forward_length", 128, "shape"),
        ("llama.attention.head_count", 32, "heads"),
        ("llama.attention.head_count_kv", 2, "shape"),
        ("llama.attention.layer_norm_rms_epsilon", float("nan"), "damaged"),
        ("llama.rope.dimension_count", 7, "rotary"),
        ("llama.rope.freq_base", float("inf"), "freq_base"),
        ("llama.rope.freq_base", 10_000, "type u32"),
        ("general.name", ["x"], "type \\[str\\]"),
        ("general.alignment", 3, "power of two"),
        ("general.alignment", 1 << 31, "power of two"),
        ("general.alignment", "32", "power of two"),
        ("any.key", "x" * (MODEL_TEXT_BYTES + 1), "claims"),
        ("any.key", array(0, MODEL_ARRAY_ITEMS), "claims|ends in the middle"),
    ],
)
def test_wrong_metadata_is_named(tmp_path: Path, key: str, item: Any, reason: str) -> None:
    with pytest.raises(ModelFileError, match=reason):
        checked(tmp_path, tiny(metadata() | {key: item}))


Tensors = dict[str, tuple[tuple[int, ...], int, bytes]]
NORM, MATRIX = "blk.0.ffn_norm.weight", "blk.0.attn_q.weight"


def with_scale(scale: float) -> Callable[[Tensors], None]:
    def change(tensors: Tensors) -> None:
        shape, kind, content = tensors[MATRIX]
        tensors[MATRIX] = (shape, kind, np.array([scale], "<f2").tobytes() + content[2:])

    return change


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda t: t.update({NORM: ((WIDTH,), 1, bytes(2 * WIDTH))}), "type 1"),
        (lambda t: t.update({MATRIX: ((WIDTH, WIDTH), 24, bytes(WIDTH * WIDTH))}), "type 24"),
        (lambda t: t.update({MATRIX: ((WIDTH, WIDTH), 26, bytes(4 * WIDTH * WIDTH))}), "type 26"),
        (lambda t: t.update({MATRIX: ((WIDTH, 1), 8, bytes(34))}), "shape"),
        (lambda t: t.update({NORM: ((WIDTH,), 0, np.full(WIDTH, np.nan, "<f4").tobytes())}), "no numbers"),
        (with_scale(float("inf")), "no numbers"),
        (with_scale(float("nan")), "no numbers"),
        (lambda t: t.pop(NORM), "layers have"),
        (lambda t: t.update(extra=((32,), 0, bytes(128))), "layers have"),
        (lambda t: t.update(extra=t.pop(NORM)), "does not know"),
    ],
)
def test_wrong_tensors_are_named(tmp_path: Path, change: Callable[[Tensors], Any], reason: str) -> None:
    tensors = weights()
    change(tensors)
    with pytest.raises(ModelFileError, match=reason):
        checked(tmp_path, tiny(tensors=tensors))


@pytest.mark.parametrize(
    ("shift", "reason"), [(-32, "overlaps"), (4, "cut off|not aligned"), (-4, "aligned")]
)
def test_wrong_places_are_named(tmp_path: Path, shift: int, reason: str) -> None:
    with pytest.raises(ModelFileError, match=reason):
        checked(tmp_path, tiny(shift=shift))


def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.gguf")
    for path in (tmp_path / "pipe.gguf", tmp_path, Path("/dev/zero")):
        with pytest.raises(ModelFileError, match="no file"):
            read_header(path)


def test_a_sparse_file_that_claims_much_is_refused_at_once(tmp_path: Path) -> None:
    start = b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + text("k")
    for kind, count in ((0, 2_400_000_000), (8, 300_000_000), (12, MODEL_ARRAY_ITEMS + 1)):
        path = tmp_path / f"{kind}.gguf"
        path.write_bytes(start + struct.pack("<IIQ", 9, kind, count))
        os.truncate(path, 2_400_000_100)
        with pytest.raises(ModelFileError, match=f"claims {count} array items"):
            read_header(path)


def test_the_header_as_a_whole_is_bounded(tmp_path: Path) -> None:
    pairs = b"".join(
        text(f"k{n}") + struct.pack("<IQ", 8, MODEL_TEXT_BYTES) + bytes(MODEL_TEXT_BYTES) for n in range(2)
    )
    path = tmp_path / "m.gguf"
    count = MODEL_METADATA_BYTES // MODEL_TEXT_BYTES + 1
    with path.open("wb") as file:
        file.write(b"GGUF" + struct.pack("<IQQ", 3, 0, count) + pairs)
        for n in range(2, count):
            file.write(text(f"k{n}") + struct.pack("<IQ", 8, MODEL_TEXT_BYTES))
            file.seek(MODEL_TEXT_BYTES, os.SEEK_CUR)
        file.truncate()
    with pytest.raises(ModelFileError, match="header is too large"):
        read_header(path)


IDS = [-(2**31), -1, 6, 2**31]


@pytest.mark.parametrize("wrong", IDS)
@pytest.mark.parametrize("name", ["fim_pre", "fim_suf", "prefix", "suffix", "eos", "bos", "eot"])
def test_ids_outside_the_vocabulary_are_no_ids(name: str, wrong: int) -> None:
    pairs: dict[str, Any] = {
        "tokenizer.ggml.tokens": ["<PRE>", "<SUF>", "<MID>", "a", "b", "</s>"],
        "tokenizer.ggml.fim_mid_token_id": 2,
        f"tokenizer.ggml.{name}_token_id": wrong,
    }
    for other in ("fim_pre", "fim_suf"):
        pairs.setdefault(f"tokenizer.ggml.{other}_token_id", 0 if other == "fim_pre" else 1)
    try:
        form = detect(pairs)
    except NoFimTokens:
        assert name.startswith("fim")
    else:
        assert all(0 <= i < 6 for i in (*form.ids.values(), *form.end_ids))
        assert form.bos_id is None
    assert end_ids(pairs) <= set(range(6))


@pytest.mark.parametrize("tokens", [3, "x", [1, 2], [["x"]], None])
def test_tokens_that_are_no_texts_are_none(tokens: object) -> None:
    pairs = {"tokenizer.ggml.tokens": tokens, "tokenizer.ggml.fim_pre_token_id": 0}
    with pytest.raises(NoFimTokens):
        detect(pairs)
    assert read_vocabulary(pairs).size == 0


def test_a_long_value_is_told_shortly(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(gguf({"general.architecture": "y" * 900_000, "tokenizer.ggml.model": "llama"}, [], 64))
    with pytest.raises(ModelFileError) as caught:
        check(read_header(path))
    assert len(caught.value.message) < 600

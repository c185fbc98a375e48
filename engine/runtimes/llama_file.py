"""What the bundled runtime takes for granted in a llama model's file, checked before it reads the file.

Its loader and its graph assert, or read memory that is not theirs, where a file is not as expected; both
end the process. Sources: llama.cpp of September 2023 (``llama.cpp``, ``ggml.c``), which ctransformers
0.2.27 contains.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..errors import ModelFileError
from ..limits import SAMPLED_BYTES, TOKEN_CHARACTERS
from ..models.gguf import Header, Tensor, mapped, require_keys

_NORM_TYPE = 0
_MATRIX_TYPES = (0, 1, 2, 3, 6, 7, 8, 10, 11, 12, 13, 14)
"""f32, f16, the quantised types and the k-quants that the runtime multiplies with and reads rows of."""
_SCALES = {2: 18, 3: 20, 6: 22, 7: 24, 8: 34}
"""Types whose blocks, of so many bytes, begin with their scale as f16."""
_BYTE_TOKEN = re.compile(r"<0x[0-9A-F]{2}>")
_BYTE = 6

_REQUIRED = {
    "llama.context_length": "u32",
    "llama.embedding_length": "u32",
    "llama.block_count": "u32",
    "llama.feed_forward_length": "u32",
    "llama.attention.head_count": "u32",
    "llama.attention.layer_norm_rms_epsilon": "f32",
    "tokenizer.ggml.tokens": "[str]",
    "tokenizer.ggml.scores": "[f32]",
    "tokenizer.ggml.token_type": "[i32] [u32]",
}
_OPTIONAL = {
    "general.name": "str",
    "general.file_type": "u32",
    "general.quantization_version": "u32",
    "llama.attention.head_count_kv": "u32",
    "llama.rope.dimension_count": "u32",
    "llama.rope.freq_base": "f32",
    "llama.rope.scale_linear": "f32",
    "tokenizer.chat_template": "str",
    **{
        f"tokenizer.ggml.{name}_token_id": "u32"
        for name in ("bos", "eos", "unknown", "seperator", "separator", "padding")
    },
}
_SPECIAL = {"bos": 1, "eos": 2, "unknown": 0}
"""Special tokens with the ids that the runtime takes where a file names none."""


def check_llama(header: Header) -> None:
    """Raise :class:`ModelFileError` for a file that the runtime could not survive."""
    require_keys(header, {key: _sensible(key) for key in _REQUIRED}, "the bundled runtime")
    for problem in _problems(header):
        raise ModelFileError(f"The model file {header.path} cannot be used: {problem}.")


def _sensible(key: str) -> Callable[[Any], bool]:
    if key.startswith("tokenizer."):
        return lambda value: isinstance(value, list) and len(value) > 2
    if key.endswith("epsilon"):
        return lambda value: isinstance(value, float) and 0 < value < 1
    return lambda value: isinstance(value, int) and 0 < value < 1 << 24


def _problems(header: Header) -> Iterator[str]:
    """What is wrong, the first thing first; later checks rely on earlier ones."""
    yield from _wrong_kinds(header)
    yield from _wrong_tokens(header)
    yield from _wrong_numbers(header)
    yield from _wrong_tensors(header)
    yield from _wrong_weights(header)


def _wrong_kinds(header: Header) -> Iterator[str]:
    for key, kinds in (_REQUIRED | _OPTIONAL).items():
        found = header.kinds.get(key)
        if found is not None and found not in kinds.split():
            yield f"{key} is of the type {found} and must be {kinds.replace(' ', ' or ')}"


def _wrong_tokens(header: Header) -> Iterator[str]:
    tokens: list[str] = header.metadata["tokenizer.ggml.tokens"]
    scores: list[float] = header.metadata["tokenizer.ggml.scores"]
    types: list[int] = header.metadata["tokenizer.ggml.token_type"]
    if not len(tokens) == len(scores) == len(types):
        yield "its lists of tokens, scores and types differ in length"
    if max(map(len, tokens)) > TOKEN_CHARACTERS:
        yield f"a token has more than {TOKEN_CHARACTERS} characters"
    if not math.isfinite(sum(scores)):
        yield "a score is no number"
    bytes_found = {text for text, kind in zip(tokens, types, strict=False) if kind == _BYTE}
    if not all(_BYTE_TOKEN.fullmatch(text) for text in bytes_found):
        yield "a token for a byte has another text than <0x00> to <0xFF>"
    if len(bytes_found) != 256 and not {f"<0x{byte:02X}>" for byte in range(256)} <= set(tokens):
        yield "it lacks tokens for bytes, without which the runtime cannot read every text"
    for name, default in _SPECIAL.items():
        if not 0 <= header.metadata.get(f"tokenizer.ggml.{name}_token_id", default) < len(tokens):
            yield f"the id of its {name} token is not in its vocabulary"
    for name in ("seperator", "separator", "padding"):
        if header.metadata.get(f"tokenizer.ggml.{name}_token_id", 0) >= len(tokens):
            yield f"the id of its {name} token is not in its vocabulary"


def _wrong_numbers(header: Header) -> Iterator[str]:
    width, heads = header.number("embedding_length"), header.number("attention.head_count")
    kv_heads = header.number("attention.head_count_kv", heads)
    if width % heads or width // heads % 2 or kv_heads < 1 or heads % kv_heads:
        yield "its attention heads do not fit its width"
    elif header.number("rope.dimension_count", width // heads) != width // heads:
        yield "its rotary dimensions are not those of its heads"
    for key in ("rope.freq_base", "rope.scale_linear"):
        value = header.metadata.get(f"llama.{key}", 1.0)
        if not (math.isfinite(value) and value > 0):
            yield f"llama.{key} is {value}"


def _wrong_tensors(header: Header) -> Iterator[str]:
    blocks = header.number("block_count")
    if len(header.tensors) != blocks * 9 + 3:
        yield f"it has {len(header.tensors)} tensors, and {blocks} layers have {blocks * 9 + 3}"
        return
    expected = dict(_expected(header))
    for tensor in header.tensors:
        shape = expected.get(tensor.name)
        if tensor.shape != shape:
            wanted = f"and must have {shape}" if shape else "which this runtime does not know"
            yield f"its tensor {tensor.name[:80]!r} has the shape {tensor.shape}, {wanted}"
        allowed = (_NORM_TYPE,) if len(tensor.shape) == 1 else _MATRIX_TYPES
        if tensor.type not in allowed:
            yield f"its tensor {tensor.name[:80]!r} is of the type {tensor.type}, which the runtime lacks"


def _expected(header: Header) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Every tensor of a llama model with its shape; ggml tells the length of a row first."""
    width, feed = header.number("embedding_length"), header.number("feed_forward_length")
    heads = header.number("attention.head_count")
    kv_width = width // heads * header.number("attention.head_count_kv", heads)
    tokens = len(header.metadata["tokenizer.ggml.tokens"])
    yield "token_embd.weight", (width, tokens)
    yield "output_norm.weight", (width,)
    yield "output.weight", (width, tokens)
    shapes = {
        "attn_norm": (width,),
        "attn_q": (width, width),
        "attn_k": (width, kv_width),
        "attn_v": (width, kv_width),
        "attn_output": (width, width),
        "ffn_norm": (width,),
        "ffn_gate": (width, feed),
        "ffn_up": (width, feed),
        "ffn_down": (feed, width),
    }
    for block in range(header.number("block_count")):
        for name, shape in shapes.items():
            yield f"blk.{block}.{name}.weight", shape


def _wrong_weights(header: Header) -> Iterator[str]:
    """Norms are looked at whole, matrices at their beginning: enough for a file of noise, at no cost."""
    with mapped(header.path) as data:
        for tensor in header.tensors:
            begin = header.data_start + tensor.offset
            size = tensor.bytes if len(tensor.shape) == 1 else min(tensor.bytes, SAMPLED_BYTES)
            if not np.isfinite(_numbers(tensor, data[begin : begin + size])).all():
                yield f"its tensor {tensor.name[:80]!r} has weights that are no numbers"
                return


def _numbers(tensor: Tensor, data: bytes) -> np.ndarray[Any, np.dtype[Any]]:
    """The numbers in the first bytes of a tensor, or the scales of its blocks where they stand first."""
    if tensor.type in (0, 1):
        return np.frombuffer(data, "<f4" if tensor.type == 0 else "<f2", len(data) // (4 - 2 * tensor.type))
    size = _SCALES.get(tensor.type)
    if size is None:
        return np.zeros(1)
    blocks = np.frombuffer(data, np.uint8, len(data) // size * size).reshape(-1, size)
    return blocks[:, :2].copy().view("<f2")

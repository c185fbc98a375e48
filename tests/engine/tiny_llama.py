"""A whole llama model of random weights, small enough to be written a thousand times."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from .gguf_files import text, value

WIDTH, HEADS, FEED, BLOCKS = 32, 2, 64, 1
WORDS = ["a", "b", "▁", "▁a", "ab", "\n"]
TOKENS = ["<unk>", "<s>", "</s>", "<PRE>", "<SUF>", "<MID>", *(f"<0x{n:02X}>" for n in range(256)), *WORDS]
SHAPES: dict[str, tuple[int, ...]] = {
    "token_embd": (WIDTH, len(TOKENS)),
    "output_norm": (WIDTH,),
    "output": (WIDTH, len(TOKENS)),
    "blk.0.attn_norm": (WIDTH,),
    "blk.0.attn_q": (WIDTH, WIDTH),
    "blk.0.attn_k": (WIDTH, WIDTH // 2),
    "blk.0.attn_v": (WIDTH, WIDTH // 2),
    "blk.0.attn_output": (WIDTH, WIDTH),
    "blk.0.ffn_norm": (WIDTH,),
    "blk.0.ffn_gate": (WIDTH, FEED),
    "blk.0.ffn_up": (WIDTH, FEED),
    "blk.0.ffn_down": (FEED, WIDTH),
}


class Typed:
    """A metadata value with a type of its own: (ggml's number, struct's letter)."""

    def __init__(self, kind: int, layout: str, item: Any) -> None:
        self.data = struct.pack("<I" + layout, kind, item)


def types(kinds: list[int], kind: int = 5, layout: str = "i") -> Typed:
    made = Typed(9, "I", kind)
    made.data += struct.pack(f"<Q{len(kinds)}{layout}", len(kinds), *kinds)
    return made


def metadata() -> dict[str, Any]:
    return {
        "general.architecture": "llama",
        "general.name": "tiny",
        "llama.context_length": 64,
        "llama.embedding_length": WIDTH,
        "llama.block_count": BLOCKS,
        "llama.feed_forward_length": FEED,
        "llama.attention.head_count": HEADS,
        "llama.attention.head_count_kv": 1,
        "llama.attention.layer_norm_rms_epsilon": 1e-5,
        "llama.rope.dimension_count": WIDTH // HEADS,
        "llama.rope.freq_base": 10000.0,
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": TOKENS,
        "tokenizer.ggml.scores": [0.0] * (len(TOKENS) - len(WORDS)) + [-1.0 * n for n in range(len(WORDS))],
        "tokenizer.ggml.token_type": types([2, *[3] * 5, *[6] * 256, *[1] * len(WORDS)]),
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.ggml.unknown_token_id": 0,
        "tokenizer.ggml.fim_pre_token_id": 3,
        "tokenizer.ggml.fim_suf_token_id": 4,
        "tokenizer.ggml.fim_mid_token_id": 5,
    }


def weights() -> dict[str, tuple[tuple[int, ...], int, bytes]]:
    """Shape, ggml type and bytes of each tensor: norms are f32, matrices Q8_0."""
    random = np.random.default_rng(1)
    made: dict[str, tuple[tuple[int, ...], int, bytes]] = {}
    for name, shape in SHAPES.items():
        count = int(np.prod(shape))
        if len(shape) == 1:
            made[name + ".weight"] = (shape, 0, np.ones(count, "<f4").tobytes())
            continue
        blocks = np.zeros((count // 32, 34), np.uint8)
        blocks[:, :2] = np.full((count // 32, 1), 0.002, "<f2").view(np.uint8)
        blocks[:, 2:] = random.integers(0, 256, (count // 32, 32))
        made[name + ".weight"] = (shape, 8, blocks.tobytes())
    return made


def tiny(pairs: dict[str, Any] | None = None, tensors: dict[str, Any] | None = None, shift: int = 0) -> bytes:
    """The file; ``shift`` moves the last tensor."""
    pairs = metadata() if pairs is None else pairs
    tensors = weights() if tensors is None else tensors
    out = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(pairs))
    for key, item in pairs.items():
        out += text(key) + (item.data if isinstance(item, Typed) else value(item))
    data = b""
    for at, (name, (shape, kind, content)) in enumerate(tensors.items(), 1):
        offset = max(0, len(data) + (shift if at == len(tensors) else 0))
        out += text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)
        data += content + b"\0" * (-len(content) % 32)
    return out + b"\0" * (-len(out) % 32) + data

"""Model files of random weights with the shapes of real models: as fast as these, and with nothing to say.

They are Q4_0 in llama's architecture, which every runtime loads. Blocks of weights are written as they lie
in the file (ggml's ``block_q4_0``: a half-precision scale, then 32 weights of four bits), and each tensor
is made when it is its turn, so a file is written about as fast as the disk takes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter
from numpy.typing import NDArray
from platformdirs import user_cache_path

from fimble.engine.models.catalogue import bundled_path
from fimble.engine.models.gguf import read_header

BLOCK_WEIGHTS, BLOCK_BYTES = 32, 18
_SPREAD = 4.6
"""The standard deviation of the sixteen values of a weight, -8 to 7."""
CONTEXT = 4096


@dataclass(frozen=True, slots=True)
class Shape:
    """Numbers of layers, channels, hidden channels, heads, heads of keys and values, and tokens."""

    name: str
    layers: int
    width: int
    hidden: int
    heads: int
    kv_heads: int
    vocabulary: int = 151_936

    def tensors(self) -> Iterator[tuple[str, int, int]]:
        """Names with rows and columns; a norm has one row. Older runtimes want the output by itself."""
        keys = self.width // self.heads * self.kv_heads
        yield "token_embd.weight", self.vocabulary, self.width
        for layer in range(self.layers):
            yield f"blk.{layer}.attn_norm.weight", 1, self.width
            yield f"blk.{layer}.attn_q.weight", self.width, self.width
            yield f"blk.{layer}.attn_k.weight", keys, self.width
            yield f"blk.{layer}.attn_v.weight", keys, self.width
            yield f"blk.{layer}.attn_output.weight", self.width, self.width
            yield f"blk.{layer}.ffn_norm.weight", 1, self.width
            yield f"blk.{layer}.ffn_gate.weight", self.hidden, self.width
            yield f"blk.{layer}.ffn_up.weight", self.hidden, self.width
            yield f"blk.{layer}.ffn_down.weight", self.width, self.hidden
        yield "output_norm.weight", 1, self.width
        yield "output.weight", self.vocabulary, self.width


HALF_BILLION = Shape("random-0.5b", layers=24, width=896, hidden=4864, heads=14, kv_heads=2)
"""As Qwen2.5-Coder-0.5B."""
BILLION_AND_HALF = Shape("random-1.5b", layers=28, width=1536, hidden=8960, heads=12, kv_heads=2)
"""As Qwen2.5-Coder-1.5B."""


def random_model(shape: Shape, folder: Path | None = None) -> Path:
    """The file of this shape below the cache folder, written if it is not there: 0.4 and 1.0 GB."""
    folder = folder or user_cache_path("fimble") / "bench"
    path = folder / f"{shape.name}.gguf"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        write(shape, partial)
        partial.replace(path)
    return path


def write(shape: Shape, path: Path) -> None:
    writer = GGUFWriter(path, "llama")
    _write_keys(writer, shape)
    for name, rows, columns in shape.tensors():
        if rows == 1:
            writer.add_tensor_info(name, (columns,), np.dtype(np.float32), columns * 4)
            continue
        row_bytes = columns // BLOCK_WEIGHTS * BLOCK_BYTES
        writer.add_tensor_info(
            name, (rows, row_bytes), np.dtype(np.uint8), rows * row_bytes, GGMLQuantizationType.Q4_0
        )
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    random = np.random.default_rng(1)
    for _, rows, columns in shape.tensors():
        writer.write_tensor_data(weights(random, rows, columns))
    writer.close()


def weights(random: np.random.Generator, rows: int, columns: int) -> NDArray[np.generic]:
    """Ones for a norm, else blocks whose weights keep the size of what they are multiplied with."""
    if rows == 1:
        return np.ones(columns, np.float32)
    row_blocks = columns // BLOCK_WEIGHTS
    blocks = np.frombuffer(random.bytes(rows * row_blocks * BLOCK_BYTES), np.uint8).copy()
    scale = np.frombuffer(np.float16(columns**-0.5 / _SPREAD).tobytes(), np.uint8)
    blocks.reshape(-1, BLOCK_BYTES)[:, :2] = scale
    return blocks.reshape(rows, row_blocks * BLOCK_BYTES)


def _write_keys(writer: GGUFWriter, shape: Shape) -> None:
    """The bundled model's vocabulary and control tokens; what is missing are words that no text has."""
    bundled = read_header(bundled_path()).metadata
    missing = shape.vocabulary - len(bundled["tokenizer.ggml.tokens"])
    writer.add_name(shape.name)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_dimension_count(shape.width // shape.heads)
    writer.add_rope_freq_base(1_000_000.0)
    writer.add_vocab_size(shape.vocabulary)
    writer.add_tokenizer_model("llama")
    writer.add_token_list([*bundled["tokenizer.ggml.tokens"], *(f"\uf8ff{n}" for n in range(missing))])
    writer.add_token_scores([*bundled["tokenizer.ggml.scores"], *[-1e6] * missing])
    writer.add_token_types([*bundled["tokenizer.ggml.token_type"], *[1] * missing])
    writer.add_add_bos_token(False)
    writer.add_add_space_prefix(False)
    for key, value in bundled.items():
        if key.endswith("_token_id"):
            writer.add_uint32(key, value)

"""Writes a checkpoint as GGUF: ``python -m training.export --checkpoint … --tokenizer … --out FILE``.

The file carries everything that a runtime needs: sizes, tokenizer with scores and types, the ids of the
fill-in-the-middle tokens, and the prompt's layout. Types: F16, Q8_0, or Q4_0 (norms stay F32; with
Q4_0 the embedding tables stay Q8_0). The embedding is written twice, because ctransformers does not
fall back to it for the output. Format: ggml's ``docs/gguf.md``.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import gguf
import numpy as np
from gguf.quants import quantize
from numpy.typing import NDArray

from fimble.engine.prompt.detect import LAYOUT_KEY

from .checkpoint import CheckpointError, Progress, load, restore_model
from .corpus.shards import CorpusError
from .model import Model, Shape
from .tokenizer import EOS, FILE_SEP, FIM_MIDDLE, FIM_PREFIX, FIM_SUFFIX, Tokenizer

TOKENS_KEY, SECONDS_KEY = "fimble.training.tokens", "fimble.training.seconds"
QUANTISATIONS = {
    "f16": gguf.GGMLQuantizationType.F16,
    "q8_0": gguf.GGMLQuantizationType.Q8_0,
    "q4_0": gguf.GGMLQuantizationType.Q4_0,
}
_FILE_TYPES = {
    "f16": gguf.LlamaFileType.MOSTLY_F16,
    "q8_0": gguf.LlamaFileType.MOSTLY_Q8_0,
    "q4_0": gguf.LlamaFileType.MOSTLY_Q4_0,
}


def export(
    model: Model, progress: Progress, tokenizer: Tokenizer, out: Path, quantisation: str = "q8_0"
) -> None:
    """Write ``model`` to ``out``, which appears only when it is complete."""
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_suffix(".part")
    writer = gguf.GGUFWriter(part, "llama")
    try:
        _write_metadata(writer, model.shape, quantisation)
        _write_progress(writer, progress)
        _write_tokenizer(writer, tokenizer)
        for tensor_name, values in _tensors(model):
            kind = _type_of(tensor_name, values, quantisation)
            writer.add_tensor(tensor_name, quantize(values, kind), raw_dtype=kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        os.replace(part, out)
    finally:
        with contextlib.suppress(OSError):
            writer.close()
        part.unlink(missing_ok=True)


def _write_metadata(writer: gguf.GGUFWriter, shape: Shape, quantisation: str) -> None:
    writer.add_name("fimble")
    writer.add_license("apache-2.0")
    writer.add_file_type(_FILE_TYPES[quantisation])
    writer.add_vocab_size(shape.vocabulary)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_layer_norm_rms_eps(shape.norm_epsilon)
    writer.add_rope_dimension_count(shape.head_width)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_string(LAYOUT_KEY, "lines-first")


def _write_progress(writer: gguf.GGUFWriter, progress: Progress) -> None:
    """What went into the weights, so that training that goes on from them knows."""
    writer.add_uint64(TOKENS_KEY, progress.tokens)
    writer.add_float64(SECONDS_KEY, progress.seconds)


def _write_tokenizer(writer: gguf.GGUFWriter, tokenizer: Tokenizer) -> None:
    pieces = tokenizer.model
    ids = range(tokenizer.size)
    writer.add_tokenizer_model("llama")
    writer.add_token_list([pieces.id_to_piece(i) for i in ids])
    writer.add_token_scores([float(pieces.get_score(i)) for i in ids])
    writer.add_token_types([int(_token_type(tokenizer, i)) for i in ids])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(EOS)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(False)
    writer.add_add_space_prefix(False)
    for key, token in (("pre", FIM_PREFIX), ("suf", FIM_SUFFIX), ("mid", FIM_MIDDLE), ("sep", FILE_SEP)):
        writer.add_uint32(f"tokenizer.ggml.fim_{key}_token_id", token)
    writer.add_uint32("tokenizer.ggml.eot_token_id", EOS)


def _token_type(tokenizer: Tokenizer, token: int) -> gguf.TokenType:
    pieces = tokenizer.model
    if pieces.is_unknown(token):
        return gguf.TokenType.UNKNOWN
    if pieces.is_control(token):
        return gguf.TokenType.CONTROL
    return gguf.TokenType.BYTE if pieces.is_byte(token) else gguf.TokenType.NORMAL


_BLOCK_NAMES = {
    "attention_norm": "attn_norm",
    "attention.q": "attn_q",
    "attention.k": "attn_k",
    "attention.v": "attn_v",
    "attention.o": "attn_output",
    "feed_forward_norm": "ffn_norm",
    "gate": "ffn_gate",
    "up": "ffn_up",
    "down": "ffn_down",
}


def tensor_names(layers: int) -> Iterator[tuple[str, str]]:
    """The file's name and torch's name of every tensor, in the file's order."""
    yield "token_embd.weight", "embedding.weight"
    yield "output_norm.weight", "norm.weight"
    yield "output.weight", "embedding.weight"
    for layer in range(layers):
        for ours, theirs in _BLOCK_NAMES.items():
            yield f"blk.{layer}.{theirs}.weight", f"blocks.{layer}.{ours}.weight"


def _tensors(model: Model) -> Iterator[tuple[str, NDArray[np.float32]]]:
    state = {name: value.detach().float().cpu().numpy() for name, value in model.state_dict().items()}
    for theirs, ours in tensor_names(model.shape.layers):
        yield theirs, state[ours]


def _type_of(name: str, values: NDArray[np.float32], quantisation: str) -> gguf.GGMLQuantizationType:
    if values.ndim == 1:
        return gguf.GGMLQuantizationType.F32
    if quantisation == "q4_0" and name in ("token_embd.weight", "output.weight"):
        return gguf.GGMLQuantizationType.Q8_0
    return QUANTISATIONS[quantisation]


def main() -> int:
    parser = argparse.ArgumentParser(prog="training.export", description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--quantisation", choices=QUANTISATIONS, default="q8_0")
    arguments = parser.parse_args()
    try:
        state = load(arguments.checkpoint)
        tokenizer, progress = Tokenizer(arguments.tokenizer), Progress(**state["progress"])
        export(restore_model(state), progress, tokenizer, arguments.out, arguments.quantisation)
    except (CheckpointError, CorpusError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{arguments.out}: {arguments.out.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())

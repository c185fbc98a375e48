"""Small model files of random weights, written by the tests: one for each family of code models.

A file has the architecture, the kind of tokenizer, the control tokens with their types, and the chat template
in short form that files of its family have; its vocabulary is the 256 bytes and a few words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from gguf import GGUFWriter, TokenType

from .architectures import ARCHITECTURES

CONTEXT = 512
_MERGES = ["i n", "r e", "d e", "de f", "Ġ =", "re t", "in t", "Ġ Ġ", "ĠĠ ĠĠ"]
_WORDS = ["▁", "in", "re", "def", "▁=", "ret", "▁▁", "▁▁▁▁", "▁in"]


@dataclass(frozen=True, slots=True)
class Made:
    """What is in one file. ``pre`` is its kind of byte-pair tokenizer; empty for sentencepiece.

    ``controls`` are texts of control tokens in the order of their ids, which come first; ``defined`` are
    those that converters write as ordinary added tokens.
    """

    architecture: str
    name: str
    pre: str
    controls: tuple[str, ...]
    defined: tuple[str, ...] = ()
    bos: str = ""
    eos: str = ""
    add_bos: bool | None = None
    template: str = ""

    @property
    def tokens(self) -> list[str]:
        return [*self.controls, *(_bytes_of_pairs() if self.pre else _bytes_of_pieces())]


def write(made: Made, path: Path) -> Path:
    """Write the file; the same weights each time."""
    architecture = ARCHITECTURES[made.architecture]
    tokens = made.tokens
    writer = GGUFWriter(path, made.architecture)
    writer.add_name(made.name)
    for key, value in architecture.metadata(len(tokens), CONTEXT).items():
        if isinstance(value, float):
            writer.add_float32(key, value)
        elif isinstance(value, list):
            writer.add_array(key, value)
        else:
            writer.add_uint32(key, value)
    _add_tokenizer(writer, made, tokens)
    random = np.random.default_rng(1)
    for name, shape in architecture.shapes(len(tokens)).items():
        writer.add_tensor(name, _weights(name, tuple(reversed(shape)), random))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add_tokenizer(writer: GGUFWriter, made: Made, tokens: list[str]) -> None:
    writer.add_tokenizer_model("gpt2" if made.pre else "llama")
    writer.add_token_list(tokens)
    writer.add_token_types([_type(made, text) for text in tokens])
    if made.pre:
        writer.add_tokenizer_pre(made.pre)
        writer.add_token_merges(_MERGES)
    else:
        writer.add_token_scores([_score(text) for text in tokens])
    for add, text in ((writer.add_bos_token_id, made.bos), (writer.add_eos_token_id, made.eos)):
        if text:
            add(tokens.index(text))
    if made.add_bos is not None:
        writer.add_add_bos_token(made.add_bos)
    if made.template:
        writer.add_chat_template(made.template)


def _type(made: Made, text: str) -> TokenType:
    if text == "<unk>":
        return TokenType.UNKNOWN
    if text in made.controls:
        return TokenType.USER_DEFINED if text in made.defined else TokenType.CONTROL
    return TokenType.BYTE if not made.pre and text in _BYTES else TokenType.NORMAL


def _score(text: str) -> float:
    return -float(_WORDS.index(text)) if text in _WORDS else 0.0


def _weights(name: str, shape: Sequence[int], random: np.random.Generator) -> np.ndarray:
    if name.removesuffix(".weight").endswith("norm"):
        return np.ones(shape, np.float32)
    if name.endswith("ssm_a"):
        return -np.ones(shape, np.float32)
    if name.endswith("bias"):
        return np.zeros(shape, np.float32)
    scale = 1.0 if name == "token_embd.weight" else 0.3
    kind = np.float32 if "ssm" in name else np.float16
    return (random.standard_normal(shape) * scale).astype(kind)


_BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


def _bytes_of_pieces() -> list[str]:
    return [*_BYTES, *_WORDS]


def _bytes_of_pairs() -> list[str]:
    """GPT-2's characters for the 256 bytes: the printable ones for themselves, others from U+0100 on."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = [byte for byte in range(256) if byte not in printable]
    signs = [chr(byte if byte in printable else 0x100 + others.index(byte)) for byte in range(256)]
    return signs + [merge.replace(" ", "") for merge in _MERGES]

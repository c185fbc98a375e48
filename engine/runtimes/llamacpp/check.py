"""What llama.cpp takes for granted in a model's file, checked before it reads the file."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from ...errors import ModelFileError
from ...limits import TOKEN_CHARACTERS
from ...models.gguf import Header, require_keys

_TOKENIZERS = ("llama", "gpt2", "gemma4")
LEAST_CONTEXT = 64
"""Tokens; with less a model can neither be measured nor asked."""
_BYTE = 6
_BYTE_TOKEN = re.compile(r"<0x[0-9A-F]{2}>")


def check(header: Header) -> None:
    """Raise :class:`ModelFileError` for a file that llama.cpp, or its tokenizer, could not survive."""
    numbers = {"context_length": _roomy, "embedding_length": _sensible, "block_count": _sensible}
    require_keys(
        header, {f"{header.architecture}.{name}": test for name, test in numbers.items()}, "llama.cpp"
    )
    for problem in _problems(header):
        raise ModelFileError(f"The model file {header.path} cannot be used: {problem}.")


def _sensible(value: Any) -> bool:
    return isinstance(value, int) and 0 < value < 1 << 24


def _roomy(value: Any) -> bool:
    return _sensible(value) and value >= LEAST_CONTEXT


def _problems(header: Header) -> Iterator[str]:
    tokenizer = header.metadata.get("tokenizer.ggml.model")
    if tokenizer not in _TOKENIZERS:
        yield (
            f"its tokenizer is {str(tokenizer)[:80]!r}, and fimble knows {', '.join(_TOKENIZERS)}; "
            "choose another model"
        )
    yield from _wrong_tokens(header, tokenizer == "llama")


def _wrong_tokens(header: Header, sentencepiece: bool) -> Iterator[str]:
    wanted = {"tokens": "[str]", "token_type": "[i32] [u32]", "scores": "[f32]", "merges": "[str]"}
    for name, kinds in wanted.items():
        kind = header.kinds.get(f"tokenizer.ggml.{name}")
        if kind is not None and kind not in kinds.split():
            yield f"its list of {name} is of the type {kind}"
    if header.kinds.get("tokenizer.ggml.tokens") is None:
        yield "it has no vocabulary"
    tokens: list[str] = header.metadata["tokenizer.ggml.tokens"]
    types: list[int] = header.metadata.get("tokenizer.ggml.token_type", [0] * len(tokens))
    scores: list[float] = header.metadata.get("tokenizer.ggml.scores", [0.0] * len(tokens))
    if not tokens or not len(tokens) == len(types) == len(scores):
        yield "its vocabulary is empty, or its lists of tokens, scores and types differ in length"
    if max(map(len, tokens)) > TOKEN_CHARACTERS:
        yield f"a token has more than {TOKEN_CHARACTERS} characters"
    if not math.isfinite(sum(scores)):
        yield "a score is no number"
    if sentencepiece:
        yield from _wrong_bytes(tokens, types)


def _wrong_bytes(tokens: list[str], types: list[int]) -> Iterator[str]:
    """A byte without a token ends the process that meets it in a text."""
    found = {text for text, kind in zip(tokens, types, strict=True) if kind == _BYTE}
    if not all(_BYTE_TOKEN.fullmatch(text) for text in found):
        yield "a token for a byte has another text than <0x00> to <0xFF>"
    if len(found) != 256 and not {f"<0x{byte:02X}>" for byte in range(256)} <= set(tokens):
        yield "it lacks tokens for bytes, without which not every text can be read"

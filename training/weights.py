"""Weights back out of an exported file, so that training can go on from a model that was shipped.

Eight bits a weight lose nothing that a few steps do not restore; what is gone are the optimisers' states.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gguf
import torch
from gguf.quants import dequantize

from fimble.engine.errors import ModelFileError
from fimble.engine.models.gguf import Header, read_header

from .checkpoint import CheckpointError, Progress
from .export import SECONDS_KEY, TOKENS_KEY, tensor_names
from .model import Model, Shape
from .tokenizer import Tokenizer


def read_weights(path: Path, tokenizer: Tokenizer) -> tuple[Model, Progress]:
    """The model in a file that :mod:`.export` wrote, and what went into it so far.

    Raises :class:`CheckpointError` for another file, and for one with other tokens than ``tokenizer``.
    """
    try:
        header = read_header(path)
        shape = _shape(header)
    except (ModelFileError, KeyError) as error:
        raise CheckpointError(f"{path} is no model that this pipeline has made ({error})") from error
    tokens = [tokenizer.model.id_to_piece(number) for number in range(tokenizer.size)]
    if tokens != header.metadata["tokenizer.ggml.tokens"]:
        raise CheckpointError(f"{path} has another tokenizer: train with that one, or start anew")
    model = Model(shape)
    model.load_state_dict(_state(path, shape))
    tokens_seen = int(header.metadata.get(TOKENS_KEY, 0))
    return model, Progress(tokens=tokens_seen, seconds=float(header.metadata.get(SECONDS_KEY, 0)))


def _shape(header: Header) -> Shape:
    keys = {name.removeprefix("llama."): value for name, value in header.metadata.items()}
    return Shape(
        vocabulary=keys["vocab_size"],
        width=keys["embedding_length"],
        layers=keys["block_count"],
        heads=keys["attention.head_count"],
        kv_heads=keys["attention.head_count_kv"],
        feed_forward=keys["feed_forward_length"],
        context=keys["context_length"],
    )


def _state(path: Path, shape: Shape) -> dict[str, Any]:
    found = {tensor.name: tensor for tensor in gguf.GGUFReader(path).tensors}
    names = dict(tensor_names(shape.layers))
    return {
        names[name]: torch.from_numpy(dequantize(tensor.data, tensor.tensor_type).copy())
        for name, tensor in found.items()
        if name in names
    }

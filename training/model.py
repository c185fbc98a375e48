"""The network: a small llama-architecture decoder that ctransformers and llama.cpp load after export.

RMSNorm before each half-block, grouped-query attention with interleaved rotary positions (the pairing
that llama.cpp's ``llama`` architecture expects), SwiGLU, no biases, input and output embeddings tied.
Sources: Touvron et al. 2023 (LLaMA), Su et al. 2021 (RoPE), Shazeer 2020 (GLU variants), Ainslie et
al. 2023 (GQA).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class Shape:
    """The sizes that define a model; two checkpoints are compatible when their shapes are equal."""

    vocabulary: int = 8192
    width: int = 384
    layers: int = 5
    heads: int = 6
    kv_heads: int = 2
    feed_forward: int = 1024
    context: int = 2048
    rope_base: float = 10_000.0
    norm_epsilon: float = 1e-5

    @property
    def head_width(self) -> int:
        return self.width // self.heads

    @property
    def parameters(self) -> int:
        """How many there are, the tied embedding counted once."""
        attention = 2 * self.width**2 + 2 * self.width * self.kv_heads * self.head_width
        block = attention + 3 * self.width * self.feed_forward + 2 * self.width
        return self.vocabulary * self.width + self.layers * block + self.width


class Attention(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        kv_width = shape.kv_heads * shape.head_width
        self.q = nn.Linear(shape.width, shape.width, bias=False)
        self.k = nn.Linear(shape.width, kv_width, bias=False)
        self.v = nn.Linear(shape.width, kv_width, bias=False)
        self.o = nn.Linear(shape.width, shape.width, bias=False)

    def forward(self, x: Tensor, rope: Tensor) -> Tensor:
        batch, time, _ = x.shape
        q = rotate(self._heads(self.q(x), self.shape.heads), rope)
        k = rotate(self._heads(self.k(x), self.shape.kv_heads), rope)
        v = self._heads(self.v(x), self.shape.kv_heads)
        groups = self.shape.heads // self.shape.kv_heads
        mixed = attend(q, k.repeat_interleave(groups, 1), v.repeat_interleave(groups, 1))
        out: Tensor = self.o(mixed.transpose(1, 2).reshape(batch, time, -1))
        return out

    def _heads(self, x: Tensor, heads: int) -> Tensor:
        batch, time, _ = x.shape
        return x.view(batch, time, heads, self.shape.head_width).transpose(1, 2)


class Block(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.attention_norm = nn.RMSNorm(shape.width, eps=shape.norm_epsilon)
        self.attention = Attention(shape)
        self.feed_forward_norm = nn.RMSNorm(shape.width, eps=shape.norm_epsilon)
        self.gate = nn.Linear(shape.width, shape.feed_forward, bias=False)
        self.up = nn.Linear(shape.width, shape.feed_forward, bias=False)
        self.down = nn.Linear(shape.feed_forward, shape.width, bias=False)

    def forward(self, x: Tensor, rope: Tensor) -> Tensor:
        x = x + self.attention(self.attention_norm(x), rope)
        h = self.feed_forward_norm(x)
        out: Tensor = x + self.down(F.silu(self.gate(h)) * self.up(h))
        return out


class Model(nn.Module):
    """Token ids (batch, time) to hidden states; ``logits`` turns those into scores."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocabulary, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = nn.RMSNorm(shape.width, eps=shape.norm_epsilon)
        self.register_buffer("rope", rope_table(shape), persistent=False)
        self._initialise()

    def _initialise(self) -> None:
        nn.init.normal_(self.embedding.weight, std=0.02)
        for name, parameter in self.blocks.named_parameters():
            if parameter.ndim == 2:
                residual = name.endswith(("o.weight", "down.weight"))
                std = 0.02 / math.sqrt(2 * self.shape.layers) if residual else 0.02
                nn.init.normal_(parameter, std=std)

    def forward(self, ids: Tensor) -> Tensor:
        """Hidden states (batch, time, width) after the last norm."""
        rope = self.get_buffer("rope")[: ids.shape[1]]
        x = self.embedding(ids)
        for block in self.blocks:
            x = block(x, rope)
        out: Tensor = self.norm(x)
        return out

    def logits(self, hidden: Tensor) -> Tensor:
        return F.linear(hidden, self.embedding.weight)

    def loss(self, ids: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
        """Sum over tokens of weight × cross-entropy in nats; ``targets`` −1 is ignored."""
        logits = self.logits(self(ids)).flatten(0, 1)
        each = F.cross_entropy(logits.float(), targets.flatten(), reduction="none", ignore_index=-1)
        return (each * weights.flatten()).sum()


def rope_table(shape: Shape) -> Tensor:
    """Cosines and sines (context, head_width / 2, 2) of the rotary angles."""
    pairs = torch.arange(0, shape.head_width, 2).float() / shape.head_width
    angles = torch.outer(torch.arange(shape.context).float(), shape.rope_base**-pairs)
    return torch.stack((angles.cos(), angles.sin()), -1)


def rotate(x: Tensor, rope: Tensor) -> Tensor:
    """Rotate neighbouring pairs of ``x`` (batch, heads, time, head_width) by their position's angle."""
    even, odd = x[..., 0::2], x[..., 1::2]
    cos, sin = rope[..., 0].to(x.dtype), rope[..., 1].to(x.dtype)
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)


def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Causal attention. On a CPU plain matrix products in slices of queries are twice as fast here
    as torch's fused kernel, which works in single precision."""
    if q.is_cuda:
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)
    with torch.autocast("cpu", enabled=False):
        return _attend_in_slices(q / math.sqrt(q.shape[-1]), k, v)


def _attend_in_slices(q: Tensor, k: Tensor, v: Tensor, size: int = 256) -> Tensor:
    v = v.to(q.dtype)
    future = torch.full((size, size), float("-inf"), dtype=q.dtype).triu(1)
    out = []
    for start in range(0, q.shape[2], size):
        end = min(start + size, q.shape[2])
        scores = q[:, :, start:end] @ k[:, :, :end].transpose(-1, -2)
        mask = F.pad(future[: end - start, : end - start], (start, 0))
        out.append((scores + mask).softmax(-1) @ v[:, :, :end])
    return torch.cat(out, 2)

"""Muon for the blocks' matrices, AdamW for embeddings and norms, one learning-rate schedule for both.

Muon: Jordan et al. 2024 (torch's implementation). The schedule is warm-up, constant, linear decay at
the end (Hu et al. 2024, MiniCPM), so that any checkpoint of the constant part can be finished later.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .model import Model

MUON_RATE = 0.02
ADAM_RATE = 0.003


def make_optimisers(model: Model) -> list[torch.optim.Optimizer]:
    """Muon and AdamW over all parameters of ``model``; the base rate is kept in each group."""
    matrices = [p for p in model.blocks.parameters() if p.ndim == 2]
    rest = [p for p in model.parameters() if not any(p is m for m in matrices)]
    muon = torch.optim.Muon(matrices, lr=MUON_RATE, momentum=0.95, weight_decay=0.01)
    adam = torch.optim.AdamW(rest, lr=ADAM_RATE, betas=(0.9, 0.95), weight_decay=0.0)
    for optimiser, rate in ((muon, MUON_RATE), (adam, ADAM_RATE)):
        for group in optimiser.param_groups:
            group["base"] = rate
    return [muon, adam]


@dataclass(frozen=True)
class Schedule:
    """Learning-rate factor: up over ``warmup`` steps, flat, then down to 0 over the last part.

    ``decay_share`` is the part of the budget in which it falls; without a budget it stays flat.
    """

    warmup: int = 100
    decay_share: float = 0.25

    def factor(self, step: int, spent: float | None) -> float:
        """``spent``: the part of the budget used up, 0 … 1, or None when there is no budget."""
        up = min(1.0, (step + 1) / max(1, self.warmup))
        if spent is None or self.decay_share <= 0:
            return up
        return up * min(1.0, max(0.0, (1.0 - spent) / self.decay_share))


def set_rate(optimisers: list[torch.optim.Optimizer], factor: float) -> None:
    for optimiser in optimisers:
        for group in optimiser.param_groups:
            group["lr"] = group["base"] * factor

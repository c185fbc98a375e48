"""Checkpoints: model, optimisers and counters in one file, replaced atomically, read back strictly."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from .model import Model, Shape


class CheckpointError(Exception):
    """A checkpoint that is missing, damaged or of another shape; the message says what to do."""


@dataclass
class Progress:
    """How far a run is; ``seconds`` counts the time spent in steps only."""

    step: int = 0
    tokens: int = 0
    seconds: float = 0.0


def save(path: Path, model: Model, optimisers: list[torch.optim.Optimizer], progress: Progress) -> None:
    """Write beside the old file, then replace it; a full disk leaves the old one as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    state = {
        "shape": asdict(model.shape),
        "model": model.state_dict(),
        "optimisers": [optimiser.state_dict() for optimiser in optimisers],
        "progress": asdict(progress),
    }
    try:
        torch.save(state, part)
        os.replace(part, path)
    except (OSError, RuntimeError) as error:
        part.unlink(missing_ok=True)
        raise CheckpointError(
            f"cannot write {path} ({error}): free some space, then start again; "
            "the checkpoint before it is untouched"
        ) from error


def load(path: Path, expected: Shape | None = None) -> dict[str, Any]:
    """A checkpoint's state; with ``expected`` given, only one of exactly that shape."""
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        shape = Shape(**state["shape"])
    except FileNotFoundError as error:
        raise CheckpointError(f"there is no checkpoint {path}: train first") from error
    except Exception as error:  # torch raises many kinds for damaged files
        raise CheckpointError(f"{path} is no readable checkpoint ({error})") from error
    if expected is not None and shape != expected:
        raise CheckpointError(
            f"{path} holds a model of another shape ({shape}); expected {expected}: "
            "give the same sizes, or another folder"
        )
    return state


def restore_model(state: dict[str, Any]) -> Model:
    """The model of a loaded checkpoint."""
    model = Model(Shape(**state["shape"]))
    model.load_state_dict(state["model"])
    return model

"""Models for editor tests, and editors that are closed afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .nvim import VARIANTS, Neovim, Variant

Model = dict[str, str]

BUNDLED: Model = {"FIMBLE_MODEL": "bundled"}


def fake(answer: str, **more: object) -> Model:
    """Environment for a server that always suggests the same."""
    return {"FIMBLE_MODEL": "fake", "FIMBLE_FAKE": json.dumps({"answer": answer, **more})}


@pytest.fixture(params=VARIANTS)
def variant(request: pytest.FixtureRequest) -> Variant:
    return VARIANTS[request.param]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Neovim]]:
    """Starts Neovims: ``start(variant, model, setup=…, text=…)``."""
    running: list[Neovim] = []

    def make(variant: Variant, model: Model, **more: Any) -> Neovim:
        nvim = Neovim(tmp_path, variant, model, **more)
        running.append(nvim)
        return nvim

    yield make
    for nvim in running:
        nvim.close()

"""A model that is removed while it answers goes on answering."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fimble.engine.engine import Engine
from fimble.engine.errors import ModelNotFound
from fimble.engine.models import store
from fimble.engine.models.catalogue import bundled_path
from fimble.engine.models.store import Source
from fimble.engine.settings import Settings
from fimble.engine.types import FimRequest

NAME = "someone/model-GGUF/model.gguf"


def request(name: str) -> FimRequest:
    return FimRequest(f"def add({name}, b):\n    return ", "\n", "python", "a.py", mode="line")


async def test_a_worker_keeps_what_it_has_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIMBLE_MODELS", str(tmp_path))
    path = store.place(Source("someone/model-GGUF", "model.gguf"))
    path.parent.mkdir(parents=True)
    shutil.copy(bundled_path(), path)
    settings = Settings(engine="local", model=NAME)
    engine = Engine(settings)
    try:
        assert (await engine.complete(request("a"))).text
        store.remove(path)
        assert (await engine.complete(request("other"))).text
    finally:
        await engine.close()
    with pytest.raises(ModelNotFound, match="Run `fimble models pull"):
        Engine(settings)

"""The model ``fake``, with which tests of programs and editors run the real server without a real model."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fimble.engine.engine import Engine
from fimble.engine.errors import SettingsError
from fimble.engine.opening import divided
from fimble.engine.settings import Settings
from fimble.engine.types import FimRequest


async def test_the_fake_says_what_the_environment_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIMBLE_FAKE", json.dumps({"answer": "a + b  # 🙂"}))
    engine = Engine(Settings(model="fake", isolation="thread"))
    try:
        made = await engine.complete(FimRequest("def add(a, b):\n    return ", "\n", language="python"))
    finally:
        await engine.close()
    assert made.text == "a + b  # 🙂"


def test_a_worker_imports_only_the_runtime_that_it_uses() -> None:
    opened = (
        "import sys; from fimble.engine.models.catalogue import bundled_path;"
        "from fimble.engine.workers.messages import WorkerOptions;"
        "from fimble.engine.workers.opened import open_model;"
        "open_model(WorkerOptions(str(bundled_path())));"
        "print('fimble.engine.runtimes.fake' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", opened], capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1] == "False"


@pytest.mark.parametrize("sent", ["{", "3", '["answer"]'])
def test_fake_options_that_are_no_object_are_refused(monkeypatch: pytest.MonkeyPatch, sent: str) -> None:
    monkeypatch.setenv("FIMBLE_FAKE", sent)
    with pytest.raises(SettingsError, match="FIMBLE_FAKE"):
        Engine(Settings(model="fake"))


@pytest.mark.parametrize(
    ("cores", "size", "given", "workers", "threads", "sequences"),
    [
        (2, 1, {"workers": 0, "sequences": 64}, 2, 1, 32),
        (16, 1, {"workers": 0, "sequences": 64}, 8, 1, 8),
        (16, 1 << 30, {"workers": 0, "sequences": 64}, 1, 0, 64),
        (2, 1, {}, 1, 1, 0),
        (16, 1, {}, 1, 0, 0),
        (2, 1, {"threads": 2, "workers": 3}, 3, 2, 0),
    ],
)
def test_workers_and_threads_fit_the_model_and_the_cores(
    cores: int, size: int, given: dict[str, int], workers: int, threads: int, sequences: int,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    path = tmp_path / "m.gguf"
    with path.open("wb") as file:
        file.truncate(size)
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    fitted = divided(Settings(**given), str(path))
    assert (fitted.workers, fitted.threads, fitted.sequences) == (workers, threads, sequences)

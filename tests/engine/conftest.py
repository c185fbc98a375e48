"""What tests of the engine share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from fimble.engine.workers.in_thread import ThreadTransport
from fimble.engine.workers.messages import WorkerOptions
from fimble.engine.workers.transports import Transport
from fimble.engine.workers.worker import Worker

from .models_made import Made, write
from .workers import Make


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    """Makes workers with the fake model, and closes them."""
    made: list[Worker] = []

    def worker(
        transport: Callable[[], Transport] = ThreadTransport,
        idle: float = 0,
        model: str = "fake",
        ping_seconds: float = 1.0,
        **fake: object,
    ) -> Worker:
        options = WorkerOptions(
            model, runtime="fake" if model == "fake" else "ctransformers", fake={"answer": "hello", **fake}
        )
        note = lambda state, detail: states.append(state)  # noqa: E731
        made.append(Worker(transport, options, idle, note, ping_seconds))
        return made[-1]

    states: list[str] = []
    worker.states = states  # type: ignore[attr-defined]
    yield worker
    for each in made:
        await each.close()


@pytest.fixture(scope="session")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Made], Path]:
    """Where a small model is; it is written when first asked for."""
    folder, written = tmp_path_factory.mktemp("models"), dict[Made, Path]()

    def path(made: Made) -> Path:
        if made not in written:
            written[made] = write(made, folder / f"{made.name}.gguf")
        return written[made]

    return path


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where settings are read from; it does not exist yet."""
    path = tmp_path / "config.toml"
    monkeypatch.setenv("FIMBLE_CONFIG", str(path))
    return path

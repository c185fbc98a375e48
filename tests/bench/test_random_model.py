"""Files of random weights: every runtime loads them, and they compute the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.random_model import BILLION_AND_HALF, HALF_BILLION, Shape, random_model, weights
from fimble.engine.runtimes.base import Span
from fimble.engine.workers.messages import WorkerOptions
from fimble.engine.workers.opened import open_model

TINY = Shape("tiny", layers=2, width=64, hidden=96, heads=4, kv_heads=2, vocabulary=8300)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_model(TINY, tmp_path_factory.mktemp("models"))


def scores(path: Path, runtime: str) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    model = open_model(WorkerOptions(str(path), threads=1, context_length=64, runtime=runtime)).model
    try:
        model.decode([Span(0, model.tokenize("def f(x):\n"), 0)])
        return model.logits(0).copy()
    finally:
        model.close()


def test_both_runtimes_compute_the_same(tiny: Path) -> None:
    ours, other = scores(tiny, "llamacpp"), scores(tiny, "ctransformers")
    assert ours.shape == other.shape == (TINY.vocabulary,)
    assert 0.3 < ours.std() < 3
    assert np.abs(ours - other).max() < 0.1


def test_a_file_is_written_once(tiny: Path) -> None:
    made = tiny.stat()
    assert random_model(TINY, tiny.parent) == tiny
    assert tiny.stat().st_mtime_ns == made.st_mtime_ns
    assert [each.name for each in tiny.parent.iterdir()] == ["tiny.gguf"]


def test_weights_keep_the_size_of_what_they_are_multiplied_with() -> None:
    blocks = np.asarray(weights(np.random.default_rng(1), 64, 256), np.uint8).reshape(-1, 18)
    scale = np.frombuffer(blocks[:, :2].tobytes(), np.float16).astype(np.float32)
    nibbles = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], axis=1).astype(np.float32) - 8
    rows = (nibbles * scale[:, None]).reshape(64, 256)
    assert np.linalg.norm(rows, axis=1).mean() == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize(("shape", "millions"), [(HALF_BILLION, 630), (BILLION_AND_HALF, 1777)])
def test_shapes_have_the_numbers_of_weights_of_the_real_models(shape: Shape, millions: int) -> None:
    """Theirs are 494 and 1,544 million, which count a table of embeddings once that ours have twice."""
    count = sum(rows * columns for _, rows, columns in shape.tensors())
    assert round(count / 1e6) == millions
    assert round((count - shape.vocabulary * shape.width) / 1e6) in (494, 1544)

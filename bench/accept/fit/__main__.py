"""``python -m bench.accept.fit FILE…``: fit the gate to what ``python -m bench.accept --calibrate`` wrote."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import fimble.engine.gate
from fimble.engine.gate.features import NAMES

from ...tables import note, show
from .data import passages, read
from .fitting import Fitted, fitted
from .plot import curves
from .searching import Chosen
from .writing import write, write_sizes

CALIBRATION = Path(fimble.engine.gate.__file__).parent / "calibration.toml"
PICTURE = Path(__file__).parents[2] / "accept.svg"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.accept.fit", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, help="what `--calibrate` wrote, every place of it")
    parser.add_argument("--model", default="fimble", help="whose coefficients they are")
    parser.add_argument("--provenance", default="", help="what is said of where they come from")
    parser.add_argument("--ridge", type=float, default=150.0, help="how much the weights are held back")
    parser.add_argument("--write", action="store_true", help="write the gate's data file and the picture")
    parser.add_argument("--sizes", action="store_true", help="derive the tables by size from this model, too")
    given = parser.parse_args()
    positions = [*read(given.files)]
    if len({each.project for each in positions}) < 2:
        parser.error("the files must have positions of two projects at least: one is judged by the others")
    if not passages(positions):
        parser.error("the files must have every place of a passage, so that it can be typed again")
    found = fitted(positions, given.ridge)
    _tell(found)
    if given.write:
        write(CALIBRATION, given.model, found, given.provenance)
        if given.sizes:
            write_sizes(CALIBRATION, found, given.model)
        curves(found.likely, found.right, found.chosen, PICTURE)
    return 0


def _tell(found: Fitted) -> None:
    qualities = [
        [name, *(f"{each:.4f}" for each in (q.brier, q.error, q.area, q.surprise))]
        for name, q in found.qualities
    ]
    columns = ("", "Brier", "calibration error", "area", "nats")
    show(f"{len(found.right):,} cuts, {found.right.mean():.1%} right; projects left out", columns, qualities)
    bins = [[f"{said:.3f}", f"{count:,}", f"{was:.3f}"] for count, said, was in found.bins]
    show("Reliability", ("said", "cuts", "was"), bins)
    show("Thresholds", ("", "saved", "wrong/100 keys", "new/100 keys", "right"), _curve(found.chosen))
    weights = sorted(
        zip(NAMES, found.model.weights.tolist(), found.spread.tolist(), strict=True),
        key=lambda each: -abs(each[1] * each[2]),
    )
    show(
        "Weights",
        ("", "weight", "× spread"),
        [[name, f"{w:.3f}", f"{w * spread:.3f}"] for name, w, spread in weights],
    )
    chosen = found.chosen
    note(
        f"{chosen.thresholds}, wrong {chosen.wrong}, partly {chosen.partly}, refused {chosen.refused}, "
        f"{found.floors}"
    )


def _curve(chosen: Chosen) -> list[list[object]]:
    return [
        [
            f"{threshold:.2f}", f"{typed.saved:.1%}", typed.wrong_per_100,
            100 * typed.shown / max(1, typed.keys), f"{typed.right_of_shown:.1%}",
        ]
        for threshold, typed in chosen.curve
    ]  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())

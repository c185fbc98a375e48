"""``python -m bench.accept.fit FILE…``: fit the gate to what ``python -m bench.accept --calibrate`` wrote."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import fimble.engine.gate
from fimble.engine.gate.features import NAMES

from ...tables import note, show
from .data import read
from .fitting import Fitted, fitted
from .plot import curves
from .writing import write, write_sizes

CALIBRATION = Path(fimble.engine.gate.__file__).parent / "calibration.toml"
PICTURE = Path(__file__).parents[2] / "accept.svg"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.accept.fit", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, help="what `--calibrate` wrote, every place of it")
    parser.add_argument("--model", default="fimble", help="whose coefficients they are")
    parser.add_argument("--provenance", default="", help="what is said of where they come from")
    parser.add_argument("--ridge", type=float, default=3.0, help="how much the weights are held back")
    parser.add_argument("--write", action="store_true", help="write the gate's data file and the picture")
    parser.add_argument("--sizes", action="store_true", help="derive the tables by size from this model, too")
    given = parser.parse_args()
    found = fitted([*read(given.files)], given.ridge)
    _tell(found)
    if given.write:
        write(CALIBRATION, given.model, found, given.provenance)
        if given.sizes:
            write_sizes(CALIBRATION, found, given.model)
        curves(found.likely, found.right, found.chosen, PICTURE)
    return 0


def _tell(found: Fitted) -> None:
    columns = ("", "Brier", "calibration error", "area", "nats")
    rows = [
        [name, *(f"{v:.4f}" for v in (q.brier, q.error, q.area, q.surprise))] for name, q in found.qualities
    ]
    show(f"{len(found.right):,} cuts, {found.right.mean():.1%} right; projects left out", columns, rows)
    show("Reliability", ("said", "cuts", "was"), [[f"{s:.3f}", n, f"{w:.3f}"] for n, s, w in found.bins])
    rows = [
        [
            f"{t:.2f}",
            f"{e.saved:.1%}",
            e.wrong_per_100,
            100 * e.shown / max(1, e.keys),
            f"{e.right_of_shown:.1%}",
        ]
        for t, e in found.chosen.curve
    ]
    show("Thresholds", ("", "saved", "wrong/100 keys", "new/100 keys", "right"), rows)
    weights = sorted(
        zip(NAMES, found.model.weights, found.spread, strict=True), key=lambda w: -abs(w[1] * w[2])
    )
    show("Weights", ("", "weight", "× spread"), [[n, f"{w:.3f}", f"{w * s:.3f}"] for n, w, s in weights])
    chosen = found.chosen
    note(
        f"{chosen.thresholds}, wrong {chosen.wrong}, partly {chosen.partly}, refused {chosen.refused}, "
        f"{found.floors}"
    )


if __name__ == "__main__":
    sys.exit(main())

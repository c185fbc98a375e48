"""``python -m bench.accept``: the measure with choices of one's own."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from fimble.engine.settings import Settings

from ..processes import apart
from . import measure
from .positions import collect
from .running import Plan
from .variants import VARIANTS, variants


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.accept", description=__doc__)
    parser.add_argument("--half", choices=("tune", "report"), default="report", help="which projects")
    parser.add_argument("--characters", type=int, default=10_000, help="how much is typed in all")
    parser.add_argument("--quick", action="store_true", help="700 characters: only to see that it works")
    parser.add_argument("--seed", type=int, default=1, help="another seed chooses other passages")
    parser.add_argument("--language", action="append", default=[], help="only this language; may be repeated")
    parser.add_argument(
        "--only", action="append", default=[], metavar="VARIANT",
        help=f"only this one, may be repeated: {', '.join(each.name for each in VARIANTS)}",
    )  # fmt: skip
    parser.add_argument(
        "--pace", type=int, default=0, metavar="MS", help="type in real time, a key every so often"
    )
    parser.add_argument("--write", action="store_true", help="write bench/ACCEPT.md")
    parser.add_argument(
        "--calibrate", type=Path, metavar="FILE",
        help="type nothing: write what the engine says at many places of the passages, to fit the gate to",
    )  # fmt: skip
    parser.add_argument("--model", default="bundled", help="the model that is calibrated")
    given = parser.parse_args()
    characters = 700 if given.quick else given.characters
    plan = Plan(given.half, characters, given.seed, given.pace / 1000, tuple(given.language))
    try:
        chosen = variants(given.only)
    except LookupError as error:
        parser.error(str(error))
    with apart():
        if given.calibrate:
            count = asyncio.run(collect(plan, Settings(engine="local", model=given.model), given.calibrate))
            print(f"{count:,} positions are in {given.calibrate}")
            return 0
        measure(plan, chosen, given.write)
    return 0


if __name__ == "__main__":
    sys.exit(main())

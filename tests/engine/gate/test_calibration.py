"""The data of the gate is whole, and each model finds its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from fimble.engine.gate.calibration import Calibration, calibrations
from fimble.engine.gate.evidence import Ledger
from fimble.engine.gate.features import NAMES, of_place, of_text
from fimble.engine.models.catalogue import resolve_model
from fimble.engine.tokens import Certainty
from fimble.engine.types import FimRequest

ALL = [*calibrations().model.values(), *calibrations().size]


@pytest.mark.parametrize("each", ALL)
def test_who_is_eager_shows_more(each: Calibration) -> None:
    wanted = each.thresholds
    assert 0 < wanted["eager"] < wanted["balanced"] < wanted["subtle"] < 1
    assert each.provenance


@pytest.mark.parametrize("each", ALL)
def test_nothing_below_the_floor_is_sure_enough(each: Calibration) -> None:
    floors = [each.floor(n / 50) for n in range(51)]
    assert floors == sorted(floors)
    assert all(0 <= floor <= n / 50 for n, floor in enumerate(floors)), "the model would stop too early"


def test_features_are_those_that_are_weighed() -> None:
    told = [Certainty(b"a", 0, 0.5, 0.5, 0.1, 0.5, 8, 2, "file"), Certainty(b"", 1, 0.5, 0.5, 0.5)]
    found = of_place(FimRequest("x.", "")) | of_text("a", Ledger("a", told).up_to(1), True)
    assert set(found) == set(NAMES)


def test_the_bundled_model_has_a_calibration_of_its_own() -> None:
    id, path = resolve_model("bundled")
    own = calibrations().of(id, str(path))
    assert own is calibrations().model["fimble"]
    assert calibrations().of("renamed", str(path)) is own


def test_other_models_have_that_of_their_size(tmp_path: Path) -> None:
    sizes = calibrations().size
    assert [each.megabytes for each in sizes] == sorted({each.megabytes for each in sizes})
    assert sizes[0].megabytes == 0
    for each in sizes:
        file = tmp_path / f"{each.megabytes}.gguf"
        with file.open("wb") as out:
            out.truncate(each.megabytes * 1_000_000)
        assert calibrations().of("unknown", str(file)) is each
    assert calibrations().of("unknown", str(tmp_path / "missing.gguf")) is sizes[0]
    assert calibrations().of("unknown") is sizes[0]

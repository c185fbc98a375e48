"""The gate's fit: what is learnt from positions, and what it comes to when they are typed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.accept.fit.__main__ import CALIBRATION
from bench.accept.fit.data import Position, passages, read
from bench.accept.fit.fitting import fitted
from bench.accept.fit.logistic import fit, held_out, quality, reliability
from bench.accept.fit.retyping import Weighed, retype
from bench.accept.fit.writing import write, write_sizes
from fimble.engine.gate import calibration
from fimble.engine.gate.calibration import Calibrations
from fimble.engine.gate.features import NAMES
from fimble.engine.gate.weighing import worths

TRUTH = "total = count(values) + others\n"


def row(at: int, text: str, probability: float, project: str = "a", truth: str = TRUTH) -> dict[str, Any]:
    """A position of a passage that is ``truth``, of which ``at`` characters are typed; one token is said."""
    certainties = [
        [text, 0, probability, probability, 0.0, 0.0, 0, 0, None],
        ["", len(text), 0.9, 0.9, 0.9, 0.0, 0, 0, None],
    ]
    return {
        "project": project, "language": "plaintext", "path": f"{project}.txt", "kind": "", "text": text,
        "prefix_tail": truth[:at], "suffix_head": "", "certainties": certainties, "truth": truth[at:],
    }  # fmt: skip


def positions(rows: list[dict[str, Any]], folder: Path) -> list[Position]:
    file = folder / "positions.jsonl"
    file.write_text("".join(json.dumps(each) + "\n" for each in rows))
    return [*read([file])]


def said(at: int, probability: float) -> tuple[str, float]:
    """What is likely is right, and what is not is wrong."""
    return (TRUTH[at:-1], probability) if probability > 0.5 else ("wrong words", probability)


def rows_of(project: str, seed: int) -> list[dict[str, Any]]:
    chances = np.random.default_rng(seed).uniform(0.05, 0.95, len(TRUTH))
    return [row(at, *said(at, float(chance)), project) for at, chance in enumerate(chances)]


def test_weights_are_found_again() -> None:
    generator = np.random.default_rng(3)
    features = generator.normal(size=(20_000, 2)) * [1.0, 5.0] + [0.0, 3.0]
    chance = 1 / (1 + np.exp(-(0.5 + features @ [1.5, -0.2])))
    found = fit(features, (generator.uniform(size=len(chance)) < chance).astype(float))
    assert found.bias == pytest.approx(0.5, abs=0.1)
    assert found.weights == pytest.approx([1.5, -0.2], abs=0.07)
    assert found.probabilities(features) == pytest.approx(chance, abs=0.05)


def test_a_column_that_is_always_the_same_weighs_nothing() -> None:
    features = np.c_[np.linspace(-1, 1, 50), np.ones(50)]
    assert fit(features, (features[:, 0] > 0).astype(float)).weights[1] == 0


def test_a_project_is_judged_by_the_others() -> None:
    features = np.ones((40, 1))
    right, groups = np.array([1.0] * 20 + [0.0] * 20), ["a"] * 20 + ["b"] * 20
    found = held_out(features, right, groups, 1.0)
    assert found[:20].max() < 0.1
    assert found[20:].min() > 0.9


def test_quality() -> None:
    right = np.array([0.0, 0.0, 1.0, 1.0])
    best = quality(np.array([0.1, 0.2, 0.8, 0.9]), right)
    assert best.area == 1
    assert best.error == pytest.approx(0.15)
    assert best.brier == pytest.approx((0.01 + 0.04) / 2)
    assert quality(1 - right, right).area == 0
    assert reliability(np.array([0.05, 0.07, 0.95]), np.array([0.0, 1.0, 1.0])) == [
        (2, pytest.approx(0.06), 0.5), (1, 0.95, 1.0),
    ]  # fmt: skip


def test_only_whole_passages_are_typed(tmp_path: Path) -> None:
    rows = [*rows_of("a", 1), *rows_of("b", 2)[:-3], *rows_of("c", 3)]
    assert [each[0].project for each in passages(positions(rows, tmp_path))] == ["a", "c"]


def test_typing_counts_keys_and_what_is_shown(tmp_path: Path) -> None:
    rows = [row(at, "", 0.9) for at in range(len(TRUTH))]
    rows[3] = row(3, "wrong words", 0.9)
    rows[10] = row(10, TRUTH[10:], 0.9)
    weighed = [
        Weighed(each, worths(each.text, each.lengths, [0.9] * len(each.lengths), 0, 0))
        for each in positions(rows, tmp_path)
    ]
    typed = retype([weighed], 0.5, 0.0)
    assert (typed.characters, typed.keys) == (len(TRUTH), 11)
    assert (typed.shown, typed.wrong, typed.right) == (2, 1, 1)
    assert retype([weighed], 0.95, 0.0).keys == len(TRUTH)
    assert retype([weighed], 0.85, 0.5).wrong == 1, "what came after the refused text is not sure enough"
    assert retype([weighed], 0.85, 0.5).right == 0


def test_what_was_fitted_is_written_and_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = fitted(positions([each for n in range(8) for each in rows_of(f"p{n}", n)], tmp_path), 1.0)
    assert [quality.area for _, quality in found.qualities][-1] > 0.9
    file = tmp_path / "calibration.toml"
    shutil.copy(CALIBRATION, file)
    write(file, "another", found, "made up for a test")
    write_sizes(file, found, "another")
    monkeypatch.setattr(calibration, "_FILE", file)
    read_again: Calibrations = calibration.calibrations.__wrapped__()
    made = read_again.of("another")
    assert made.provenance == "made up for a test"
    assert made.thresholds == found.chosen.thresholds
    for name, weight in zip(NAMES, found.model.weights, strict=True):
        assert made.weights.get(name, 0.0) == pytest.approx(weight, abs=1e-4)
    assert read_again.of("fimble") == calibration.calibrations().of("fimble"), "the others stay as they were"
    assert len(read_again.size) == 4
    assert read_again.size[-1].weights == {"running": 1.0}

"""``fimble doctor`` says which model of the catalogue this machine could run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fimble.cli.commands import app
from fimble.cli.doctor_speed import Speed, largest, report
from fimble.engine.models.catalogue import catalogue, find_entry

# reads 10 and writes 1 thousand million parameters a second
SLOW = Speed(read=1000, written=50, layers=10_000_000, weights=20_000_000)
FAST = Speed(read=1_000_000, written=10_000, layers=10_000_000, weights=20_000_000)
PLENTY = 1 << 40


def test_an_estimate_follows_from_what_was_measured() -> None:
    # 256 tokens through 1e8 parameters at 1e10 a second, and 12 at 1e9 a second
    assert SLOW.estimate_ms(1e8) == pytest.approx(2560 + 1200)
    assert SLOW.estimate_ms(2e8) == pytest.approx(2 * SLOW.estimate_ms(1e8))


def test_the_largest_in_time_is_named() -> None:
    found = largest(FAST, PLENTY)
    assert found is not None
    assert FAST.estimate_ms(found.parameters * 1e9) < 400
    larger = [entry for entry in catalogue() if entry.parameters > found.parameters]
    assert larger
    assert all(FAST.estimate_ms(entry.parameters * 1e9) >= 400 for entry in larger)
    detail, _ = report(FAST)
    assert "estimated" in detail
    assert "1,000,000" in detail


def test_what_does_not_fit_the_memory_is_not_named() -> None:
    huge = Speed(read=1e9, written=1e9, layers=10_000_000, weights=20_000_000)
    small = find_entry("qwen2.5-coder-0.5b")
    assert small is not None
    assert small.memory is not None
    found = largest(huge, small.memory + 1)
    assert found == small


def test_a_slow_machine_keeps_the_bundled_model() -> None:
    assert largest(SLOW, PLENTY) is None
    detail, advice = report(SLOW)
    assert "tiny-starcoder-py 6,166 ms" in detail
    assert "The bundled model is the one for this machine" in advice


def test_the_doctor_measures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIMBLE_CONFIG", str(tmp_path / "none.toml"))
    done = CliRunner().invoke(app, ["doctor", "--json", "--engine", "local"])
    [check] = [each for each in json.loads(done.stdout)["checks"] if each["name"] == "machine"]
    assert "7.9 million parameters" in check["detail"]
    assert "tokens a second" in check["detail"]
    assert check["advice"]

"""``fimble stats``: records summed up, drawn, and written as a page."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fimble.cli.commands import app
from fimble.cli.stats import spark
from fimble.cli.stats_rows import HEADINGS
from fimble.lsp.statistics import Record, write_rows
from fimble.lsp.summary import by_day, by_language, summarise


def record(number: int, language: str = "python", accepted: int = 0, retained: int | None = None) -> Record:
    at = time.time() - 86_400 * (number % 3)
    source = "memory" if number % 2 else "model"
    return Record(f"s{number}", at, language, source, 10.0 * number, 20, True, accepted, retained)


RECORDS = [record(0), record(1, accepted=20, retained=15), record(2, "go", accepted=10), record(3, "go")]


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    write_rows(tmp_path / "fimble" / "statistics.sqlite3", [asdict(each) for each in RECORDS])


def test_sums() -> None:
    total = summarise("all", RECORDS)
    assert (total.suggestions, total.accepted, total.accepted_characters) == (4, 2, 30)
    assert total.acceptance == 0.5
    assert total.retained == 0.75
    assert (total.p50_ms, total.p95_ms, total.from_memory) == (20.0, 30.0, 0.5)
    assert (total.remembered, total.confidence) == (0.0, None)
    assert summarise("none", []).acceptance == 0.0
    assert [s.name for s in by_language(RECORDS)] in (["go", "python"], ["python", "go"])
    assert sum(s.suggestions for s in by_day(RECORDS)) == 4


def test_what_memory_contributed_and_how_sure_it_was() -> None:
    sure = replace(record(0, accepted=20), confidence=0.8, remembered=5)
    unsure = replace(record(1, accepted=10), confidence=0.4, remembered=20)
    refused = replace(record(2), confidence=0.3, remembered=20)
    total = summarise("all", [sure, unsure, refused, record(3)])
    assert total.remembered == 0.5
    assert total.confidence == pytest.approx(0.5)


def test_sparklines() -> None:
    assert spark([0, 4, 8]) == " ▄█"
    assert spark([]) == ""


@pytest.mark.usefixtures("recorded")
class TestCommand:
    def test_nothing_is_cut_in_a_terminal_of_80_columns(self, tmp_path: Path) -> None:
        shown = CliRunner().invoke(app, ["stats"], env={"COLUMNS": "80"}).output
        assert "…" not in shown
        assert set(" ".join(HEADINGS).split()) <= set(shown.split())

    def test_table(self) -> None:
        shown = CliRunner().invoke(app, ["stats"], env={"COLUMNS": "140"})
        assert shown.exit_code == 0
        assert "python" in shown.output
        assert "75%" in shown.output

    def test_json(self) -> None:
        found = json.loads(CliRunner().invoke(app, ["stats", "--json"]).output)
        assert found["total"]["accepted"] == 2
        assert {row["name"] for row in found["languages"]} == {"python", "go"}

    def test_page(self, tmp_path: Path) -> None:
        out = tmp_path / "stats.html"
        assert CliRunner().invoke(app, ["stats", "--html", str(out)]).exit_code == 0
        parser = HTMLParser()
        parser.feed(out.read_text())
        assert out.read_text().count("<rect") == 2 * len(by_day(RECORDS))


def test_without_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert "No suggestions" in CliRunner().invoke(app, ["stats"]).output

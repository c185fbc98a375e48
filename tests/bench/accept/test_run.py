"""A few characters, typed through the real language server with the bundled model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.accept import running
from bench.accept.figures import tables
from bench.accept.positions import collect, request_at
from bench.accept.projects import Files, Project
from bench.accept.rules import Verdict
from bench.accept.running import Plan, run
from bench.accept.variants import VARIANTS, variants
from bench.processes import apart
from fimble.engine.settings import Settings

HERE = Path(__file__).parents[3] / "engine"


class Local(Project):
    def files(self, cache: Path = Path()) -> Files:
        return {name: (HERE / name).read_bytes() for name in ("types.py", "remembered.py", "stopping.py")}


@pytest.fixture(autouse=True)
def _one_project(monkeypatch: pytest.MonkeyPatch) -> None:
    project = Local("engine", "1", "pip", "python", "tune", "apache-2.0", "", "")
    monkeypatch.setattr(running, "projects", lambda half: [project])


async def test_all_that_is_typed_is_counted() -> None:
    plan = Plan("tune", characters=30)
    (workplace,) = plan.workplaces()
    with apart():
        results = await run(plan, variants(["without the gate"]))
    (log,) = results["without the gate"]
    assert sum(log.characters.values()) == sum(len(place.typed) for place in workplace.places)
    assert sum(key.written for key in log.keys) == sum(log.characters.values())
    assert {each.verdict for each in log.shown} <= set(Verdict)
    assert log.work.runs > 0
    assert log.work.made > 0
    assert [table.title for table in tables(results)][:2] == ["All languages", "What it costs"]


async def test_positions_say_what_the_engine_made_and_what_stands_there(tmp_path: Path) -> None:
    plan, out = Plan("tune", characters=30), tmp_path / "positions.jsonl"
    count = await collect(plan, Settings(engine="local"), out, every=60)
    found = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    (workplace,) = plan.workplaces()
    assert count == len(found) == sum(len(range(1, len(p.typed), 60)) for p in workplace.places)
    first, place = found[0], workplace.places[0]
    request = request_at(place, 1, tmp_path)
    assert request.prefix.endswith(first["prefix_tail"])
    assert request.suffix.startswith(first["suffix_head"])
    assert first["truth"] == place.typed[1:401]
    spelled = [each["certainties"] for each in found if each["text"]]
    assert spelled
    assert all(0 <= probability <= 1 for rows in spelled for _, _, probability, *_ in rows)


def test_a_variant_that_is_none_is_refused() -> None:
    assert variants([]) == list(VARIANTS)
    with pytest.raises(LookupError, match="there is no variant 'x'"):
        variants(["x"])

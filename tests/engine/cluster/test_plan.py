"""What a replica is told, and which replica a request belongs to."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.backends.local import slots_of
from fimble.engine.cluster.plan import Plan, most_ongoing, replica_settings
from fimble.engine.cluster.sessions import session_of
from fimble.engine.errors import SettingsError
from fimble.engine.settings import Settings
from fimble.engine.types import FimRequest

HOLE = FimRequest("import os\n", "", document="file:///a.py")
SETTINGS = Settings.model_validate(
    {
        "engine": "ray", "key": "secret", "model": "small",
        "upstreams": {"far": {"kind": "openai", "address": "https://far.example", "key": "hidden"}},
        "models": {
            "small": {"model": "fake", "upstreams": ["far"]}, "cloud": {"upstreams": ["far"]},
        },
        "rules": [{"model": "cloud"}],
    }
)  # fmt: skip


def test_a_replica_runs_models_of_its_own_and_learns_no_secret() -> None:
    mine = replica_settings(SETTINGS, Plan(cpus=3.5))
    assert (mine.engine, mine.workers, mine.threads, mine.names) == ("local", 1, 3, ["small"])
    told = mine.model_dump_json()
    assert all(secret not in told for secret in ("secret", "hidden", "far"))
    assert Settings.model_validate_json(told) == mine


def test_a_replica_has_at_least_a_thread_and_takes_more_than_it_answers_at_a_time() -> None:
    mine = replica_settings(Settings(), Plan(cpus=0.2))
    assert mine.threads == 1
    assert most_ongoing(mine) > slots_of(mine.sequences)


@pytest.mark.parametrize(("least", "most"), [(0, 4), (3, 2), (-1, -1)])
def test_a_range_that_is_none(least: int, most: int) -> None:
    with pytest.raises(SettingsError, match="MIN or MIN:MAX"):
        Plan(least, most)


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_document_has_one_replica_whatever_is_typed(line: str, below: str) -> None:
    typed = replace(HOLE, prefix=HOLE.prefix + line, suffix=below)
    assert session_of(typed, "small") == session_of(HOLE, "small")


def test_other_documents_models_and_second_tries_have_others() -> None:
    other = replace(HOLE, document="file:///b.py")
    found = {
        session_of(HOLE, "small"), session_of(other, "small"), session_of(HOLE, ""),
        session_of(HOLE, "small", 1), session_of(HOLE, "small", 2),
    }  # fmt: skip
    assert len(found) == 5

"""Whether other files help is told from what really stood in the prompt."""

from __future__ import annotations

from pathlib import Path

import pytest

from fimble.engine.engine import Engine
from fimble.engine.settings import Settings
from fimble.engine.types import Snippet
from training.evaluate.context import FIRST, WAYS, Way, cases, fill, table
from training.evaluate.metrics import Filled


def test_holes_are_the_same_every_time_and_have_other_files_open(corpus: Path) -> None:
    found = list(cases(corpus, 5, 0, 12))
    assert found
    again = [(each.task, each.place) for each in cases(corpus, 5, 0, 12)]
    assert [(each.task, each.place) for each in found] == again
    for each in found:
        assert each.place.open
        assert each.task.path not in each.place.open
        assert all(each.files.text(path) for path in each.place.open)


async def test_only_snippets_that_stand_in_the_prompt_count(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIMBLE_FAKE", '{"answer": "x"}')
    (case, *_), way = list(cases(corpus, 5, 0, 12)), Way()
    engine = Engine(Settings(model="fake", isolation="thread", window_tokens=400))
    texts = ("small = 1\n", "large = 1\n" * 1_000)
    for number, text in enumerate(texts):
        await fill(engine, case, (Snippet("o.py", text),), (), way, number)
    await engine.close()
    assert (len(way.filled), way.in_prompt) == (2, [0])


def test_gains_and_losses_are_against_the_first_way(corpus: Path) -> None:
    found = [each.task for each in cases(corpus, 4, 0, 12)][:3]
    wrong = [Filled(task, "") for task in found]
    right = [Filled(task, task.middle) for task in found]
    other = next(name for name in WAYS if name != FIRST)
    told = table({FIRST: Way([right[0], *wrong[1:]]), other: Way([wrong[0], *right[1:]], [0, 1])})
    assert f"| {other} | 66.7% |" in told
    assert "| 2 of 3 | 1 | 1 | 0 |" in told

"""The figures of the evaluation: computed by hand here, and programs that misbehave."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.evaluate.baselines import copy_model
from training.evaluate.execution import Program, passes
from training.evaluate.metrics import Filled, score
from training.evaluate.tasks import KINDS, Task, held_out_tasks


def task(middle: str, prefix: str = "", suffix: str = "", kind: str = "end of line") -> Task:
    return Task(prefix, suffix, middle, "python", "a.py", kind)


def test_scores_are_means_over_holes() -> None:
    filled = [Filled(task("abcd"), "abcd"), Filled(task("abcd"), "abxx"), Filled(task("ab"), "abc")]
    found = score(filled)
    assert found.count == 3
    assert found.exact == pytest.approx(1 / 3)
    assert found.similarity == pytest.approx((1 + 0.5 + 2 / 3) / 3)
    assert found.saved == pytest.approx((4 + 2 + 2) / 10)
    assert found.stops == pytest.approx(1 / 2)


def test_white_space_at_the_end_does_not_count() -> None:
    assert score([Filled(task("ab \n"), "ab")]).exact == 1


def test_the_copy_model_says_what_stood_there_before() -> None:
    before = "for item in items:\n    total += item.price\nfor item in items:\n    total +="
    filled = copy_model(task(" item.price", before))
    assert filled.text == " item.price"
    assert filled.matched


def test_the_copy_model_has_no_match_for_what_is_new() -> None:
    assert not copy_model(task("x", "alpha = 1\nbeta =")).matched


def test_held_out_holes_are_the_same_every_time(corpus: Path) -> None:
    tasks = held_out_tasks(corpus, 3, 1)
    assert tasks == held_out_tasks(corpus, 3, 1)
    assert {each.kind for each in tasks} == set(KINDS)
    assert all(each.middle.strip() for each in tasks)


@pytest.mark.parametrize(
    ("text", "passed"),
    [
        ("    return a + b", True),
        ("    return a - b", False),
        ("    return (", False),
        ("    import os; os._exit(3)", False),
        ("    raise SystemExit(1)", False),
        ("    return [0] * (1 << 34)", False),
        ("    open('big', 'w').write('x' * (2 << 20)); return a + b", False),
    ],
)
def test_a_program_passes_only_when_its_checks_do(text: str, passed: bool) -> None:
    program = Program(task(text, "def add(a, b):\n", "\n"), "\nassert add(1, 2) == 3\n")
    assert passes(program, text) == passed


def test_a_program_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.evaluate.execution.SECONDS", 1)
    program = Program(task("    while True: pass", "def f():\n", "\n"), "\nf()\n")
    assert not passes(program, "    while True: pass")

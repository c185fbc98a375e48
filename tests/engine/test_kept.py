"""Keys that ask the same again are answered from the scores of the key before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.limits import KEPT_ANSWERS
from fimble.engine.runtimes.base import Scores
from fimble.engine.types import Sampling
from fimble.engine.workers import kept
from fimble.engine.workers.kept import KeptScores

from .test_runner import SUGGESTION, Machine

ASKED = replace(SUGGESTION, document="a.py")


def scores(tokens: Sequence[int]) -> Scores:
    """Those behind some tokens: different ones each time."""
    return np.array([hash(tuple(tokens)) % 1000, len(tokens)], np.float32)


@st.composite
def needs(draw: st.DrawFn) -> tuple[list[int], int]:
    tokens = draw(st.lists(st.integers(0, 1), min_size=1, max_size=6))
    return tokens, draw(st.integers(1, min(3, len(tokens))))


@given(st.lists(needs(), max_size=30), st.integers(0, 200))
def test_what_is_found_is_what_was_evaluated(asked: list[tuple[list[int], int]], room: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept, "KEPT_SCORES_BYTES", room)
        known = KeptScores()
        for tokens, rows in asked:
            wanted = [scores(tokens[: len(tokens) - rows + 1 + row]) for row in range(rows)]
            if found := known.find(tokens, rows):
                assert [each.tolist() for each in found] == [each.tolist() for each in wanted]
            known.keep(tokens, wanted)
            held = [row.nbytes for answer in known._answers for row in answer.scores.values()]
            assert sum(held) == known._bytes <= room
            assert len(known._answers) <= KEPT_ANSWERS


def test_scores_are_copied() -> None:
    known, row = KeptScores(), np.ones(2, np.float32)
    known.keep([1, 2], [row])
    row[:] = 0
    assert known.find([1, 2], 1)[0].tolist() == [1, 1]
    assert not known.find([1, 2, 3], 1)
    assert not known.find([1, 2], 2)


def test_the_same_question_of_a_document_takes_no_call() -> None:
    machine = Machine()
    machine.add(1, ASKED)
    machine.until_ended(1)
    evaluated = machine.evaluated
    machine.add(2, ASKED)
    machine.until_ended(2)
    assert machine.text(2) == machine.text(1) != ""
    assert machine.evaluated == evaluated


def test_a_longer_answer_goes_on_where_the_known_one_ended() -> None:
    machine = Machine()
    machine.add(1, ASKED)
    machine.until_ended(1)
    evaluated = machine.evaluated
    machine.add(2, replace(ASKED, max_tokens=12, sampling=Sampling(temperature=0.01, seed=1)))
    machine.until_ended(2)
    assert machine.text(2).startswith(machine.text(1))
    assert len(machine.text(2)) == 12
    assert machine.evaluated - evaluated <= 12 - 8 + 1


def test_another_text_is_evaluated() -> None:
    machine = Machine()
    machine.add(1, ASKED)
    machine.until_ended(1)
    evaluated = machine.evaluated
    machine.add(2, replace(ASKED, prefix=ASKED.prefix + "z"))
    machine.until_ended(2)
    assert machine.evaluated > evaluated

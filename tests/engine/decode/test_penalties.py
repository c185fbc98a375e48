"""Penalties and bias: worked examples by each definition, and what must hold of every one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fimble.engine.decode.history import History
from fimble.engine.decode.penalties import penalise_frequency, penalise_repetition
from fimble.engine.runtimes.base import Scores

LOGITS = arrays(np.float32, 12, elements=st.floats(-30, 30, width=32))
COUNTS = arrays(np.float32, 12, elements=st.integers(1, 50))


def scores(*values: float) -> Scores:
    return np.array(values, np.float32)


def test_repetition_divides_positive_scores_and_multiplies_negative_ones() -> None:
    assert penalise_repetition(scores(2, -2, 0), 1.25).tolist() == pytest.approx([1.6, -2.5, 0])


def test_frequency_counts_and_presence_does_not() -> None:
    penalised = penalise_frequency(scores(1, 1), scores(3, 1), 0.5, 0.25)
    assert penalised.tolist() == pytest.approx([1 - 1.5 - 0.25, 1 - 0.5 - 0.25])


@given(LOGITS, COUNTS)
def test_what_is_off_changes_nothing(before: Scores, counts: Scores) -> None:
    assert np.array_equal(penalise_repetition(before, 1.0), before)
    assert np.array_equal(penalise_frequency(before, counts, 0.0, 0.0), before)


@given(LOGITS, COUNTS, st.floats(1, 2), st.floats(0, 2), st.floats(0, 2))
def test_penalties_never_help_a_token(
    before: Scores, counts: Scores, penalty: float, frequency: float, presence: float
) -> None:
    assert (penalise_repetition(before, penalty) <= before).all()
    assert (penalise_frequency(before, counts, frequency, presence) <= before).all()


@given(LOGITS, COUNTS, st.floats(1, 2), st.floats(0, 2))
def test_more_penalty_is_never_less(before: Scores, counts: Scores, less: float, more: float) -> None:
    assert (penalise_repetition(before, less + more) <= penalise_repetition(before, less)).all()
    assert (
        penalise_frequency(before, counts, less + more, 0) <= penalise_frequency(before, counts, less, 0)
    ).all()


@given(st.lists(st.integers(0, 9)), st.lists(st.integers(0, 9), max_size=400))
def test_history_knows_what_was_read_and_what_was_made(prompt: list[int], answer: list[int]) -> None:
    history = History(prompt, 10)
    for token in answer:
        history.add(token)
    made, counts = history.made()
    assert history.tokens.tolist() == prompt + answer
    assert set(history.seen().tolist()) == {*prompt, *answer}
    assert dict(zip(made.tolist(), counts.tolist(), strict=True)) == {
        token: answer.count(token) for token in answer
    }

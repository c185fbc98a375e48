"""Log-probabilities: a worked example, and the laws they keep."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fimble.engine.decode.logprobs import highest, log_of_sum, token_logprob
from fimble.engine.runtimes.base import Scores

LOGITS = arrays(np.float32, st.integers(1, 200), elements=st.floats(-30, 30, width=32))


def piece(token: int) -> bytes:
    return b"t%d" % token


def test_a_worked_example() -> None:
    entry = token_logprob(np.log(np.array([0.2, 0.5, 0.3], np.float32)), 2, 2, piece, 7)
    assert (entry.token, entry.text, entry.offset) == (2, b"t2", 7)
    assert entry.logprob == pytest.approx(math.log(0.3), abs=1e-6)
    assert [(each.token, each.text) for each in entry.top] == [(1, b"t1"), (2, b"t2")]
    assert [each.logprob for each in entry.top] == pytest.approx([math.log(0.5), math.log(0.3)], abs=1e-6)


@given(LOGITS, st.integers(0, 20))
def test_they_are_at_most_zero_best_first_and_sum_to_no_more_than_one(scores: Scores, count: int) -> None:
    entry = token_logprob(scores, 0, count, piece, 0)
    values = [each.logprob for each in entry.top]
    assert len(values) == min(count, len(scores))
    assert values == sorted(values, reverse=True)
    assert all(value <= 1e-6 for value in values)
    assert sum(map(math.exp, values)) <= 1 + 1e-5
    assert entry.logprob is not None
    assert entry.logprob <= 1e-6


@given(LOGITS)
def test_all_of_them_are_a_distribution(scores: Scores) -> None:
    entry = token_logprob(scores, 0, len(scores), piece, 0)
    assert sum(math.exp(each.logprob) for each in entry.top) == pytest.approx(1, abs=1e-4)


@given(arrays(np.float32, st.integers(1, 60), elements=st.sampled_from([0.0, 1.0, 2.0])), st.integers(0, 70))
def test_of_equal_scores_the_lower_id_comes_first(scores: Scores, count: int) -> None:
    expected = sorted(range(len(scores)), key=lambda token: (-scores[token], token))[:count]
    assert highest(scores, count).tolist() == expected


def test_the_greedy_token_is_the_first_alternative() -> None:
    scores = np.array([1, 3, 3, 2], np.float32)
    assert int(scores.argmax()) == int(highest(scores, 1)[0])


def test_huge_scores_do_not_overflow() -> None:
    assert log_of_sum(np.array([1e5, 1e5], np.float32)) == pytest.approx(1e5 + math.log(2))

"""Filters: worked examples, and what must hold of every distribution."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fimble.engine.decode.filters import min_p, softmax, top_k, top_p
from fimble.engine.runtimes.base import Scores

LOGITS = arrays(
    np.float32,
    st.integers(1, 600),
    elements=st.floats(-30, 30, width=32),
)
FIVE = np.log(np.array([0.4, 0.3, 0.15, 0.1, 0.05], np.float32))


def test_softmax_of_known_scores() -> None:
    assert softmax(np.array([0, np.log(3)], np.float32)).tolist() == pytest.approx([0.25, 0.75])


@given(LOGITS)
def test_softmax_is_a_distribution_in_the_order_of_the_scores(scores: Scores) -> None:
    probabilities = softmax(scores)
    assert probabilities.sum(dtype=np.float64) == pytest.approx(1, abs=1e-5)
    assert (np.diff(probabilities[np.argsort(scores)]) >= 0).all()


def test_softmax_of_huge_scores_does_not_overflow() -> None:
    assert softmax(np.array([1e30, 1e30, -1e30], np.float32)).tolist() == [0.5, 0.5, 0]


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        (top_k(FIVE, 2), [1, 1, 0, 0, 0]),
        (top_k(FIVE, 0), [1, 1, 1, 1, 1]),
        (top_k(FIVE, 9), [1, 1, 1, 1, 1]),
        (top_k(np.array([1, 3, 2, 3], np.float32), 1), [0, 1, 0, 1]),
        (top_p(FIVE, 0.69), [1, 1, 0, 0, 0]),
        (top_p(FIVE, 0.71), [1, 1, 1, 0, 0]),
        (top_p(FIVE, 0.0), [1, 0, 0, 0, 0]),
        (top_p(FIVE, 1.0), [1, 1, 1, 1, 1]),
        (min_p(FIVE, 0.3), [1, 1, 1, 0, 0]),
        (min_p(FIVE, 1.0), [1, 0, 0, 0, 0]),
        (min_p(FIVE, 0.0), [1, 1, 1, 1, 1]),
    ],
)
def test_worked_examples(kept: list[bool], expected: list[int]) -> None:
    assert list(map(int, kept)) == expected


@given(LOGITS, st.integers(0, 700), st.floats(0, 1), st.floats(0, 1))
def test_the_likeliest_token_always_stays(scores: Scores, k: int, p: float, least: float) -> None:
    for kept in (top_k(scores, k), top_p(scores, p), min_p(scores, least)):
        assert kept.shape == scores.shape
        assert kept[scores.argmax()]


@given(LOGITS, st.integers(1, 50), st.floats(0, 0.999), st.floats(0.001, 1))
def test_nothing_likelier_than_what_stays_is_left_out(scores: Scores, k: int, p: float, least: float) -> None:
    for kept in (top_k(scores, k), top_p(scores, p), min_p(scores, least)):
        assert kept.all() or scores[kept].min() >= scores[~kept].max()


@given(LOGITS, st.floats(0, 1), st.floats(0, 1))
def test_more_is_kept_when_more_is_allowed(scores: Scores, first: float, second: float) -> None:
    low, high = sorted((first, second))
    assert (top_p(scores, low) <= top_p(scores, high)).all()
    assert (min_p(scores, high) <= min_p(scores, low)).all()
    assert (top_k(scores, 1 + int(low * 20)) <= top_k(scores, 1 + int(high * 20))).all()


@given(LOGITS, st.floats(0.01, 0.99))
def test_top_p_keeps_enough_and_the_last_token_was_needed(scores: Scores, p: float) -> None:
    probabilities = softmax(scores).astype(np.float64)
    kept = top_p(scores, p)
    assert probabilities[kept].sum() >= p - 1e-4
    without_the_last = kept & (probabilities > probabilities[kept].min())
    assert probabilities[without_the_last].sum() < p + 1e-4


def test_top_p_looks_beyond_its_first_guess() -> None:
    assert int(top_p(-np.arange(5000, dtype=np.float32) / 10_000, 0.9).sum()) > 4000

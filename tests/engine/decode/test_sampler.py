"""The chain: its order, its seed, and that it draws what it should as often as it should."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fimble.engine.decode.filters import Mask
from fimble.engine.decode.sampler import Sampler, draw
from fimble.engine.runtimes.base import Scores
from fimble.engine.types import Dry, Sampling

LOGITS = arrays(np.float32, 40, elements=st.floats(-20, 20, width=32))
EVERYTHING = Sampling(0.8, 20, 0.95, 0.02, 7, 1.1, 0.2, 0.3, Dry(), ((3, 2.0),))


def sampler(sampling: Sampling, prompt: tuple[int, ...] = (), size: int = 40) -> Sampler:
    return Sampler(sampling, prompt, size, lambda token: bytes([97 + token % 26]))


def scores(*values: float) -> Scores:
    return np.array(values, np.float32)


@given(LOGITS)
def test_greedy_takes_the_first_of_the_highest(given_scores: Scores) -> None:
    assert sampler(Sampling()).choose(given_scores) == int(given_scores.argmax())


@given(LOGITS, st.integers(0, 2**64 - 1))
def test_the_same_seed_makes_the_same_choices(given_scores: Scores, seed: int) -> None:
    sampling = Sampling(1.0, seed=seed)
    first, second = sampler(sampling), sampler(sampling)
    assert [first.choose(given_scores) for _ in range(20)] == [second.choose(given_scores) for _ in range(20)]


def test_without_a_seed_choices_differ() -> None:
    even = np.zeros(40, np.float32)
    first, second = sampler(Sampling(1.0)), sampler(Sampling(1.0))
    assert [first.choose(even) for _ in range(50)] != [second.choose(even) for _ in range(50)]


@given(LOGITS, st.lists(st.integers(0, 39), max_size=30))
def test_the_whole_chain_chooses_within_the_vocabulary_and_leaves_scores_alone(
    given_scores: Scores, prompt: list[int]
) -> None:
    before, chain = given_scores.copy(), sampler(EVERYTHING, tuple(prompt))
    for _ in range(5):
        token = chain.choose(given_scores)
        chain.accept(token)
        assert 0 <= token < 40
    assert np.array_equal(before, given_scores)


@given(LOGITS, arrays(np.bool_, 40).filter(lambda mask: bool(mask.any())), st.floats(0, 2))
def test_only_what_is_allowed_is_chosen(given_scores: Scores, allowed: Mask, temperature: float) -> None:
    chain = sampler(Sampling(temperature, top_k=3, top_p=0.5, seed=1, logit_bias=((0, 100.0),)))
    assert allowed[chain.choose(given_scores, allowed)]


def test_draws_are_as_frequent_as_the_probabilities_say() -> None:
    chain = sampler(Sampling(1.0, seed=11), size=3)
    drawn = Counter(chain.choose(np.log(scores(0.5, 0.3, 0.2))) for _ in range(20_000))
    assert [drawn[token] / 20_000 for token in range(3)] == pytest.approx([0.5, 0.3, 0.2], abs=0.015)


MANY = arrays(np.float32, st.integers(1, 900), elements=st.floats(-40, 5, width=32))


@given(MANY, st.floats(0.05, 5), st.floats(0, 1, exclude_max=True))
def test_a_draw_is_where_the_running_sum_reaches_the_point(
    given_scores: Scores, temperature: float, point: float
) -> None:
    exact = np.exp((given_scores.astype(np.float64) - given_scores.max()) / temperature)
    running = np.cumsum(exact / exact.sum())
    at = draw(given_scores, temperature, point)
    assert exact[at] > 0
    assert running[at] >= point - 1e-5
    assert at == 0 or running[at - 1] <= point + 1e-5


def test_heat_comes_after_the_filters() -> None:
    # at temperature 5 the two are nearly equal, and min-p 0.5 would keep both if it came later
    hot = sampler(Sampling(5.0, min_p=0.5, seed=1), size=2)
    assert {hot.choose(scores(2, 0)) for _ in range(200)} == {0}


def test_bias_comes_before_everything() -> None:
    assert sampler(Sampling(logit_bias=((1, 5.0),)), size=2).choose(scores(4, 0)) == 1
    penalised = sampler(Sampling(repetition_penalty=2.0, logit_bias=((1, 6.0),)), (1,), size=2)
    assert penalised.choose(scores(4, 0)) == 0  # (0 + 6) / 2 < 4


def test_presence_is_of_the_answer_and_repetition_of_the_prompt_too() -> None:
    present = sampler(Sampling(presence_penalty=2.0), (0,), size=2)
    assert present.choose(scores(1, 0)) == 0
    present.accept(0)
    assert present.choose(scores(1, 0)) == 1
    assert sampler(Sampling(repetition_penalty=2.0), (0,), size=2).choose(scores(1, 0.6)) == 1


def test_frequency_adds_up() -> None:
    chain = sampler(Sampling(frequency_penalty=0.4), size=2)
    chosen = []
    for _ in range(4):
        chosen.append(chain.choose(scores(1, 0)))
        chain.accept(chosen[-1])
    assert chosen == [0, 0, 0, 1]


def test_dry_ends_a_loop() -> None:
    chain = sampler(Sampling(dry=Dry(4.0, 1.75, 2, ())), (0, 1, 2, 0, 1), size=4)
    assert chain.choose(scores(0, 0, 3, 1)) == 3


def test_dry_without_a_multiplier_is_off() -> None:
    assert sampler(Sampling(dry=Dry(0.0)), (0, 1, 2, 0, 1), size=4).choose(scores(0, 0, 3, 1)) == 2

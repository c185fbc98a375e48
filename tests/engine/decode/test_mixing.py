"""The model and the proposals as one distribution: it sums to one, and each has its say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.decode.answer import DecodePlan
from fimble.engine.decode.choice import Choice, Likelihoods
from fimble.engine.decode.evidence import MATCHES, evidence, trust
from fimble.engine.decode.filters import Mask
from fimble.engine.decode.mixing import Advice, MixedChoice, behind
from fimble.engine.decode.proposals import SCOPES, Candidate
from fimble.engine.decode.sampler import Sampler
from fimble.engine.decode.weights import weights_for
from fimble.engine.memory.proposer import ScopedProposer
from fimble.engine.memory.texts import OwnText
from fimble.engine.runtimes.base import Scores
from fimble.engine.runtimes.fake import FakeModel, FakeOptions
from fimble.engine.types import Grammar, Sampling

from .helpers import compiler, joined, plan, run

SMALL, END, SIZE = 1_000_000, 0, 256
WEIGHTS = weights_for(SMALL)
assert WEIGHTS is not None
TRUSTED = replace(WEIGHTS, trust=50.0)


class Fixed:
    """Proposes always the same."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self._candidates = candidates

    def accept(self, data: bytes) -> None: ...

    def propose(self) -> Sequence[Candidate]:
        return self._candidates


def first(text: bytes) -> int | None:
    return text[0] if text else None


def mixed(
    candidates: Sequence[Candidate], sampling: Sampling | None = None, **changes: object
) -> MixedChoice:
    advice = Advice(Fixed(candidates), WEIGHTS, first)
    sampler = Sampler(sampling or Sampling(), [1], SIZE, lambda token: b"")
    return MixedChoice(sampler, Likelihoods(SIZE, (END,)), replace(advice, **changes))


def scores(**likely: float) -> Scores:
    """Letters and ``end`` with their probabilities; all else shares what is left."""
    left = (1 - sum(likely.values())) / (SIZE - len(likely))
    odds = np.full(SIZE, left, np.float32)
    for name, probability in likely.items():
        odds[END if name == "end" else ord(name)] = probability
    return np.log(odds)


def always(token: int, given: Scores, allowed: Mask | None = None) -> int:
    return token


def probabilities(chooser: MixedChoice, given: Scores, allowed: Sequence[int] | None = None) -> list[float]:
    """Of each token, when it is the one that is drawn."""
    mask = None if allowed is None else np.isin(np.arange(SIZE), allowed)
    found = {}
    draws: list[Choice] = []
    sampler = chooser._sampler
    choose = sampler.choose
    for token in range(SIZE) if allowed is None else allowed:
        sampler.choose = partial(always, token)  # type: ignore[method-assign]
        draws.append(chooser.choose(given, mask))
        found[token] = draws[-1].probability
    sampler.choose = choose  # type: ignore[method-assign]
    return [found.get(token, 0.0) for token in range(SIZE)]


candidates = st.builds(
    Candidate,
    st.binary(min_size=1, max_size=3),
    st.integers(6, 64),
    st.integers(1, 30),
    st.sampled_from(SCOPES),
)
logits = st.lists(st.floats(-30, 30, width=32), min_size=SIZE, max_size=SIZE).map(
    lambda values: np.array(values, np.float32)
)


@given(st.lists(candidates, max_size=8), st.integers(0, 2**32), st.sets(st.integers(0, SIZE - 1), min_size=1))
def test_the_mixture_sums_to_one(proposed: list[Candidate], seed: int, ids: set[int]) -> None:
    given_scores = np.random.default_rng(seed).normal(0, 6, SIZE).astype(np.float32)
    before = given_scores.copy()
    for allowed in (None, sorted(ids)):
        found = probabilities(mixed(proposed), given_scores, allowed)
        assert math.isclose(sum(found), 1, rel_tol=1e-4)
        assert min(found) >= 0
    assert (given_scores == before).all()


@given(st.lists(candidates, min_size=1, max_size=8))
def test_what_is_said_of_each_token_sums_to_one(proposed: list[Candidate]) -> None:
    said = evidence([(each.text[0], each) for each in proposed], WEIGHTS)
    assert math.isclose(sum(each.share for each in said.values()), 1, rel_tol=1e-9)
    assert set(said) == {each.text[0] for each in proposed}
    assert sum(each.support for each in said.values()) == sum(each.support for each in proposed)


def test_the_sampler_draws_from_the_mixture() -> None:
    chooser = mixed([Candidate(b"xy", 32, 2, "file")], Sampling(1.0, seed=5))
    given_scores = scores(a=0.5, b=0.3, x=0.1)
    told = probabilities(chooser, given_scores)
    drawn = [chooser.choose(given_scores).token for _ in range(3000)]
    for letter in b"abx":
        assert drawn.count(letter) / len(drawn) == pytest.approx(told[letter], abs=0.04)
    assert told[ord("x")] > 0.3


def test_proposals_win_where_the_model_does_not_know() -> None:
    choice = mixed([Candidate(b"xy", 24, 3, "folder")]).choose(scores(a=0.1))
    assert choice.token == ord("x")
    assert (choice.memory, choice.matched, choice.support, choice.scope) == (1.0, 24, 3, "folder")
    assert choice.model < 0.01 < choice.probability


def test_a_model_that_is_sure_keeps_its_word() -> None:
    choice = mixed([Candidate(b"xy", 6, 1, "project")]).choose(scores(a=0.9))
    assert (choice.token, choice.memory, choice.scope) == (ord("a"), 0.0, None)
    assert choice.probability < choice.model == pytest.approx(0.9)


def test_nothing_is_searched_where_the_model_is_quite_sure() -> None:
    class Unasked(Fixed):
        def propose(self) -> Sequence[Candidate]:
            raise AssertionError("it was asked")

    chooser = mixed([])
    chooser._advice = replace(chooser._advice, proposer=Unasked([]))
    assert chooser.choose(scores(a=0.98)).token == ord("a")
    with pytest.raises(AssertionError, match="asked"):
        chooser.choose(scores(a=0.96))


def test_agreement_makes_surer() -> None:
    alone = mixed([]).choose(scores(a=0.5))
    agreed = mixed([Candidate(b"ab", 32, 4, "file")]).choose(scores(a=0.5))
    assert agreed.token == alone.token
    assert agreed.probability > alone.probability == pytest.approx(0.5)


def test_longer_matches_and_more_places_count_more() -> None:
    said = evidence([(1, Candidate(b"a", 40, 1, "file")), (2, Candidate(b"b", 8, 1, "file"))], WEIGHTS)
    assert said[1].share > said[2].share
    trusted = [
        trust(evidence([(1, Candidate(b"a", length, 1, "file"))], WEIGHTS)[1], 0.3, 0.1, False, WEIGHTS)
        for length in (MATCHES[0], MATCHES[3], MATCHES[-1])
    ]
    assert trusted == sorted(trusted)
    assert trusted[0] < trusted[-1]


def test_a_confident_end_token_has_no_rival() -> None:
    proposed = [Candidate(b"xy", 64, 20, "file")]
    assert mixed(proposed, weights=TRUSTED).choose(scores(end=0.4)).token == ord("x")
    over = scores(end=WEIGHTS.over + 0.01)
    choice = mixed(proposed, weights=TRUSTED).choose(over)
    assert (choice.token, choice.probability) == (END, pytest.approx(WEIGHTS.over + 0.01))


def test_what_stands_behind_the_cursor_already_speaks_for_the_end() -> None:
    proposed = [Candidate(b"\n    return x\n", 30, 2, "file")]
    unsure = scores(end=0.05, a=0.06)
    for suffix, line, token in (
        ("\n    return x\n\ndef", False, END), ("\n    yield y\n", False, ord("\n")),
        ("\n", False, ord("\n")),
        ("\n    yield y\n", True, END), (")\n    return x\n", True, ord("\n")), ("", True, ord("\n")),
    ):  # fmt: skip
        chooser = mixed(proposed, weights=TRUSTED, behind=behind(suffix, line))
        assert chooser.choose(unsure).token == token, (suffix, line)


def test_what_was_typed_of_a_word_is_spelled_first() -> None:
    chooser = mixed([Candidate(b"th = 1", 12, 1, "file")], weights=TRUSTED)
    assert chooser.choose(scores(a=0.3), typed=b" wid").token == ord(" ")


def test_only_what_is_allowed_is_proposed() -> None:
    chooser = mixed([Candidate(b"xy", 64, 9, "file")], weights=TRUSTED)
    allowed = np.isin(np.arange(SIZE), [ord("a"), ord("b")])
    choice = chooser.choose(scores(a=0.2, b=0.1), allowed)
    assert choice == Choice(ord("a"), pytest.approx(2 / 3), pytest.approx(2 / 3), 0.0)


class Unsure(FakeModel):
    """Its own token is no more likely than one in three."""

    def logits(self, span: int, row: int = 0) -> Scores:
        return super().logits(span, row) / np.float32(4)


def said_with(before: str, wanted: DecodePlan) -> str:
    proposer = ScopedProposer(lambda: OwnText(before.encode()))
    on = Unsure(FakeOptions(answer="end"))
    advice = Advice(proposer, TRUSTED, first)
    return joined(run(on, "> ", replace(wanted, proposer=proposer, advice=advice)))


SEEN = "total = price * count\nprint(total)\n"


def test_an_answer_follows_what_stood_behind_the_same_characters() -> None:
    assert said_with(SEEN + "total = pri", plan(30)).startswith("ce * count\nprint(total)\n")


def test_a_grammar_binds_what_is_proposed() -> None:
    constraint = compiler().compile(Grammar("regex", "[a-z ]+[*] [0-9]+"))
    assert said_with(SEEN + "total = pri", plan(9, constraint=constraint)).startswith("ce * ")


@pytest.mark.parametrize(("parameters", "helped"), [(0, False), (12_000_000, True), (500_000_000, False)])
def test_a_model_that_knows_better_is_not_helped(parameters: int, helped: bool) -> None:
    assert (weights_for(parameters) is not None) == helped

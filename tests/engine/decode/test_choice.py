"""How sure a choice is: probabilities that sum to one, whatever may be chosen from."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from fimble.engine.decode.answer import DecodePlan, answer
from fimble.engine.decode.choice import Likelihoods, OwnChoice
from fimble.engine.decode.sampler import Sampler
from fimble.engine.runtimes.base import Scores
from fimble.engine.runtimes.fake import END, FakeModel, FakeOptions, fake_vocabulary
from fimble.engine.types import Grammar, Sampling

from .helpers import compiler, deltas_of, fake, joined, plan, run

SIZE, ENDS = 12, (0, 7)


def likelihoods() -> Likelihoods:
    return Likelihoods(SIZE, ENDS)


def scores_of() -> st.SearchStrategy[Scores]:
    return arrays.arrays(np.float32, SIZE, elements=st.floats(-60, 60, width=32))


@given(scores_of(), st.sets(st.integers(0, SIZE - 1), min_size=1))
def test_the_probabilities_of_what_may_follow_sum_to_one(scores: Scores, ids: set[int]) -> None:
    allowed = np.zeros(SIZE, np.bool_)
    allowed[list(ids)] = True
    before = scores.copy()
    found = [likelihoods().of(token, scores, allowed) for token in range(SIZE)]
    assert math.isclose(sum(probability for probability, _ in found), 1, rel_tol=1e-5)
    assert all(probability == 0 for token, (probability, _) in enumerate(found) if token not in ids)
    assert math.isclose(found[0][1], sum(found[token][0] for token in ENDS), rel_tol=1e-5, abs_tol=1e-9)
    assert (scores == before).all()


@given(scores_of())
def test_everything_may_follow_unless_something_is_ruled_out(scores: Scores) -> None:
    everything = np.ones(SIZE, np.bool_)
    assert likelihoods().of(3, scores) == likelihoods().of(3, scores, everything)


def test_what_is_ruled_out_does_not_make_the_rest_vanish() -> None:
    scores = np.array([500, 1, 1, *[-300] * 9], np.float32)
    allowed = np.arange(SIZE) > 0
    assert likelihoods().of(1, scores, allowed) == (0.5, 0.0)


def test_a_drawn_token_has_the_models_own_probability() -> None:
    scores = np.log(np.array([0.5, 0.2, 0.3, *[1e-9] * 9], np.float32))
    hot = OwnChoice(Sampler(Sampling(5.0, seed=3), [1], SIZE, lambda token: b""), likelihoods())
    for choice in (hot.choose(scores) for _ in range(20)):
        assert choice.probability == choice.model == pytest.approx(float(np.exp(scores[choice.token])))
        assert choice.end == pytest.approx(0.5)


def test_each_token_of_an_answer_comes_with_its_certainty() -> None:
    deltas = run(fake(answer="héy"), "> ", plan(certain=True))
    certainties = [each for delta in deltas for each in delta.certainties]
    assert b"".join(each.text for each in certainties).decode() == "héy"
    assert [each.offset for each in certainties] == [0, 1, 1, 2, 3]
    assert all(0.9999 < each.probability <= 1 and each.end < 0.0001 for each in certainties[:-1])
    assert certainties[-1].end > 0.9999


def test_without_certainties_nothing_is_told() -> None:
    assert not any(delta.certainties for delta in run(fake(answer="hey"), "> ", plan()))


class Doubtful(FakeModel):
    """Its tokens are as likely as they are told to be, one after the other."""

    def __init__(self, answer: str, probabilities: list[float]) -> None:
        super().__init__(FakeOptions(answer=answer))
        self._probabilities = probabilities

    def logits(self, span: int, row: int = 0) -> Scores:
        scores = super().logits(span, row)
        made = self._made(self.held[0])
        likely = self._probabilities[made] if made < len(self._probabilities) else 1.0
        chosen, others = int(scores.argmax()), len(scores) - 1
        scores[:] = np.log(np.float32(max((1 - likely) / others, 1e-9)))
        scores[chosen] = np.log(np.float32(likely))
        return scores


def doubtful(text: str, probabilities: list[float], wanted: DecodePlan) -> tuple[str, str | None, int]:
    model = Doubtful(text, probabilities)
    deltas = list(deltas_of(model, answer(model, model.tokenize("> "), wanted)))
    told = [each for delta in deltas for each in delta.certainties]
    if wanted.certain:
        *told, ending = told
        assert ending.offset == len(joined(deltas)), "it ends ahead of this token"
    return joined(deltas), deltas[-1].finish_reason, len(told)


@pytest.mark.parametrize(
    ("floor", "text"), [(0.0, "abcdef"), (0.05, "abcdef"), (0.3, "abcd"), (0.6, "ab"), (0.9, "a"), (1.1, "")]
)
def test_an_answer_ends_where_it_is_no_longer_likely_enough(floor: float, text: str) -> None:
    wanted = plan(certain=True, floor=floor)
    found = doubtful("abcdef", [1.0, 0.8, 0.6, 0.9, 0.5, 0.7], wanted)
    assert found == (text, "stop", len(text))


def test_the_floor_holds_for_requests_that_are_told_no_certainties() -> None:
    assert doubtful("abc", [1.0, 0.1], plan(floor=0.5)) == ("a", "stop", 0)


def test_no_half_character_is_left_where_an_answer_is_cut() -> None:
    assert doubtful("aé", [1.0, 0.9, 0.1], plan(certain=True, floor=0.5)) == ("a", "stop", 1)


def test_an_end_token_that_is_unlikely_ends_the_answer_all_the_same() -> None:
    assert doubtful("ab", [1.0, 1.0, 0.4], plan(certain=True, floor=0.5)) == ("ab", "stop", 2)


def test_what_a_stop_string_may_begin_with_is_shown_where_the_answer_is_cut() -> None:
    wanted = plan(certain=True, floor=0.5, stop=("\n\n",))
    assert doubtful("a\nb", [1.0, 1.0, 0.1], wanted) == ("a\n", "stop", 2)


@pytest.mark.parametrize(("pattern", "reason"), [("[a-z]+", "stop"), ("[a-z]{6}", "length")])
def test_an_answer_that_a_grammar_wants_longer_is_not_called_whole(pattern: str, reason: str) -> None:
    constraint = compiler().compile(Grammar("regex", pattern))
    wanted = plan(certain=True, floor=0.5, constraint=constraint)
    assert doubtful("abcdef", [1.0, 1.0, 0.01], wanted) == ("ab", reason, 2)


def test_what_an_answer_ended_ahead_of_is_told() -> None:
    model = Doubtful("ab\ncd", [1.0, 0.8, 0.7])
    by_stop = plan(certain=True, stop=("\n",))
    by_floor = plan(certain=True, floor=0.9)
    by_limit = plan(certain=True, max_tokens=2)
    told = []
    for wanted in (by_stop, by_floor, by_limit):
        deltas = list(deltas_of(model, answer(model, model.tokenize("> "), wanted)))
        told.append([each.text for delta in deltas for each in delta.certainties])
    assert told == [[b"a", b"b", b"\n"], [b"a", b"b"], [b"a", b"b"]]


def test_how_likely_an_end_was_is_told() -> None:
    model = Doubtful("ab", [1.0, 0.5])
    assert END in fake_vocabulary().end_ids
    deltas = list(deltas_of(model, answer(model, model.tokenize("> "), plan(certain=True))))
    ends = [each.end for delta in deltas for each in delta.certainties]
    assert ends[1] == pytest.approx(0.5 * len(fake_vocabulary().end_ids) / 260, rel=1e-3)

"""The loop with a model that says what it is told: every way to end, echo, log-probabilities, grammars."""

from __future__ import annotations

import math
import time
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.decode.loop import generate
from fimble.engine.errors import ContextLengthExceeded, DeadlineExceeded, InvalidRequest
from fimble.engine.runtimes.fake import END, FakeModel, FakeOptions, fake_vocabulary
from fimble.engine.types import Delta, Grammar, Sampling

from .helpers import cache, compiler, joined, plan, run

NAMES = {token: text.encode() for text, token in fake_vocabulary().controls.items()}


def test_an_answer_ends_with_the_end_token() -> None:
    deltas = run(cache(FakeOptions(answer="héllo")), "> ", plan())
    assert (joined(deltas), deltas[-1].finish_reason) == ("héllo", "stop")
    assert all(delta.finish_reason is None for delta in deltas[:-1])
    assert deltas[-1].usage is not None
    assert (deltas[-1].usage.prompt_tokens, deltas[-1].usage.completion_tokens) == (2, 6)


def test_an_answer_ends_at_its_limit() -> None:
    deltas = run(cache(FakeOptions(answer="abcdef")), "> ", plan(3))
    assert (joined(deltas), deltas[-1].finish_reason) == ("abc", "length")


def test_nothing_is_made_when_nothing_is_asked_for() -> None:
    on = cache(FakeOptions(answer="abc"))
    deltas = run(on, "> ", plan(0))
    assert [(delta.text, delta.finish_reason) for delta in deltas] == [("", "length")]
    usage = run(on, "> ", plan())[-1].usage
    assert usage is not None
    assert usage.cached_tokens == 2


@pytest.mark.parametrize("stop", ["ld", "o w", "world!"])
def test_a_stop_string_ends_an_answer_and_does_not_show(stop: str) -> None:
    deltas = run(cache(FakeOptions(answer="hello world!")), "> ", plan(stop=(stop,)))
    assert joined(deltas) == "hello world!".partition(stop)[0]
    assert deltas[-1].finish_reason == "stop"


def test_the_context_ends_an_answer() -> None:
    deltas = run(cache(FakeOptions(answer="ab", endless=True, context_length=20)), "> ", plan(500))
    assert (len(joined(deltas)), deltas[-1].finish_reason) == (18, "length")


def test_a_prompt_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ContextLengthExceeded):
        run(cache(FakeOptions(context_length=20)), "x" * 20, plan())


@pytest.mark.parametrize("logprobs", [None, 1])
def test_a_passed_deadline_ends_the_reading_of_a_prompt(logprobs: int | None) -> None:
    late = plan(deadline=time.monotonic() - 1, logprobs=logprobs, echo=((97, b"a"),) * 8)
    with pytest.raises(DeadlineExceeded):
        run(cache(FakeOptions()), "a" * 8, late)


@pytest.mark.parametrize("after", range(1, 6))
def test_a_step_is_a_batch_or_a_token(after: int) -> None:
    on = cache(FakeOptions(answer="x", endless=True), batch=4)
    steps = generate(on, [97] * 12, plan(1000))
    shown = [next(steps) for _ in range(2 + after)]
    assert shown[:2] == [None, None]
    assert [delta.text for delta in shown[2:] if delta is not None] == ["x"] * after
    steps.close()


def test_the_scoring_of_a_prompt_stops_after_each_token() -> None:
    on = cache(FakeOptions())
    steps = generate(on, [97] * 50, plan(logprobs=0, echo=((97, b"a"),) * 50))
    assert [next(steps) for _ in range(10)] == [None] * 10
    assert next(on.hold([97] * 10), None) is None
    assert cast("FakeModel", on.model).evaluated == 10


@given(
    st.lists(st.integers(0, 1), max_size=60),
    st.lists(st.text("abcx", max_size=20), min_size=2, max_size=2),
    st.sampled_from([None, 0]),
)
def test_two_answers_by_turns_are_those_of_one_after_the_other(
    turns: list[int], prompts: list[str], logprobs: int | None
) -> None:
    wanted = plan(logprobs=logprobs)
    alone = [run(cache(FakeOptions(answer="xyz")), prompt + ">", wanted) for prompt in prompts]
    on = cache(FakeOptions(answer="xyz"), batch=3)
    steps = [generate(on, on.model.tokenize(prompt + ">"), wanted) for prompt in prompts]
    made: list[list[Delta]] = [[], []]
    for at in [*turns, *[0] * 60, *[1] * 60]:
        if (delta := next(steps[at], None)) is not None:
            made[at].append(delta)
    assert [joined(deltas) for deltas in made] == [joined(deltas) for deltas in alone]
    assert [deltas[-1].finish_reason for deltas in made] == ["stop", "stop"]


def test_a_prompt_is_echoed_ahead_of_the_answer() -> None:
    echo = tuple((token, bytes([token])) for token in "é> ".encode())
    deltas = run(cache(FakeOptions(answer="yes")), "é> ", plan(echo=echo))
    assert joined(deltas) == "é> yes"


def test_an_echo_is_never_stopped() -> None:
    echo = tuple((token, bytes([token])) for token in b"a;b")
    assert joined(run(cache(FakeOptions(answer="yes;no")), "a;b", plan(echo=echo, stop=(";",)))) == "a;byes"


def test_log_probabilities_of_prompt_and_answer() -> None:
    echo = tuple((token, bytes([token])) for token in b"ab")
    wanted = plan(echo=echo, logprobs=2, names=NAMES)
    deltas = run(cache(FakeOptions(answer="abcd")), "ab", wanted)
    entries = [entry for delta in deltas for entry in delta.logprobs]
    assert [entry.text for entry in entries] == [b"a", b"b", b"c", b"d"]
    assert [entry.offset for entry in entries] == [0, 1, 2, 3]
    sure = 20 - math.log(math.exp(20) + 260)
    assert entries[0].logprob is None
    assert not entries[0].top
    for entry in entries[1:]:
        assert entry.logprob == pytest.approx(sure)
        assert entry.top[0].token == entry.token
        assert len(entry.top) == 2


def test_log_probabilities_are_the_models_own_whatever_was_done_to_its_scores() -> None:
    biased = Sampling(logit_bias=((ord("z"), 100.0),))
    deltas = run(cache(FakeOptions(answer="abc")), "> ", plan(1, logprobs=1, sampling=biased))
    entry = deltas[-1].logprobs[0] if deltas[-1].logprobs else deltas[0].logprobs[0]
    assert entry.text == b"z"
    assert entry.logprob == pytest.approx(-math.log(math.exp(20) + 260))
    assert entry.top[0].text == b"a"


def test_control_tokens_have_names_among_the_alternatives() -> None:
    sure = Sampling(logit_bias=((END, -100.0),))
    deltas = run(cache(FakeOptions(answer="a")), "a", plan(1, logprobs=1, sampling=sure, names=NAMES))
    assert deltas[0].logprobs[0].top[0].text == b"</s>"


@given(st.text(min_size=1, max_size=20), st.integers(0, 30))
def test_entries_cover_exactly_the_tokens_made(answer: str, limit: int) -> None:
    deltas = run(cache(FakeOptions(answer=answer)), [END], plan(limit, logprobs=0))
    entries = [entry for delta in deltas for entry in delta.logprobs]
    made = min(limit, len(answer.encode()))
    assert b"".join(entry.text for entry in entries) == answer.encode()[:made]
    assert joined(deltas) == answer.encode()[:made].decode(errors="replace")


def test_a_grammar_overrules_the_model_and_ends_the_answer() -> None:
    constraint = compiler().compile(Grammar("regex", "[0-9]{3}"))
    deltas = run(cache(FakeOptions(answer="abc")), "> ", plan(constraint=constraint))
    assert (joined(deltas), deltas[-1].finish_reason) == ("000", "stop")


def test_a_grammar_that_the_limit_cuts_is_not_finished() -> None:
    constraint = compiler().compile(Grammar("regex", "[0-9]{3}"))
    deltas = run(cache(FakeOptions(answer="abc")), "> ", plan(2, constraint=constraint))
    assert (joined(deltas), deltas[-1].finish_reason) == ("00", "length")


def test_a_grammar_that_is_finished_at_the_limit_is_finished() -> None:
    constraint = compiler().compile(Grammar("regex", "[0-9]{3}"))
    deltas = run(cache(FakeOptions(answer="abc")), "> ", plan(3, constraint=constraint))
    assert (joined(deltas), deltas[-1].finish_reason) == ("000", "stop")


def test_a_grammar_without_a_way_out_is_refused() -> None:
    constraint = compiler().compile(Grammar("regex", r"[^\s\S]"))
    with pytest.raises(InvalidRequest, match="allows nothing"):
        run(cache(FakeOptions()), "> ", plan(constraint=constraint))


@pytest.mark.parametrize(("stop", "reason"), [("3", "stop"), ("2", "length")])
def test_what_a_stop_string_leaves_of_a_grammar_is_whole_or_cut_off(stop: str, reason: str) -> None:
    constraint = compiler().compile(Grammar("regex", "[0-9]{2,9}"))
    deltas = run(cache(FakeOptions(answer="12345")), "> ", plan(constraint=constraint, stop=(stop,)))
    assert joined(deltas) == "12345".partition(stop)[0]
    assert deltas[-1].finish_reason == reason

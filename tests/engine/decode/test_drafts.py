"""What is guessed from the texts of a request, and whether it is worth proposing."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.decode.drafts_gain import Gain
from fimble.engine.decode.drafts_made import DraftMaker
from fimble.engine.limits import DRAFT_TOKENS
from fimble.engine.memory.proposer import ScopedProposer
from fimble.engine.memory.texts import OtherTexts, OwnText
from fimble.engine.runtimes.base import Span
from fimble.engine.types import Sampling

from .helpers import fake, joined, plan, run

SURE = [0.9] * DRAFT_TOKENS


def measured(*seconds: tuple[int, float], answers: int = 1) -> Gain:
    """What native calls with so many tokens took; the last was the last."""
    gain = Gain(64)
    for tokens, took in seconds:
        gain.called(answers, tokens, took)
    return gain


def test_nothing_is_proposed_before_anything_was_measured() -> None:
    assert Gain(64).length(SURE) == 0
    assert measured((1, 0.0)).length(SURE) == 0


def test_rows_that_cost_nothing_are_taken() -> None:
    assert measured((9, 0.01), (1, 0.01)).length(SURE) == DRAFT_TOKENS


def test_rows_that_cost_as_much_as_calls_are_not() -> None:
    gain = measured((9, 0.09), (1, 0.01))
    assert gain.length(SURE) == 0
    assert not gain.hopeful()


def test_as_many_are_proposed_as_are_likely_to_be_right() -> None:
    gain = measured((9, 0.02), (1, 0.01))
    assert gain.length([0.1] * DRAFT_TOKENS) == 0
    assert 0 < gain.length([0.9, 0.9, 0.9, 0.1, 0.1, 0.1]) <= 3


def test_what_larger_calls_take_is_found_out() -> None:
    gain = measured((1, 0.01))
    assert gain.length(SURE) == DRAFT_TOKENS
    gain.called(1, 9, 0.2)
    gain.called(1, 1, 0.01)
    assert gain.length(SURE) == 0


def test_larger_calls_are_not_tried_where_tokens_are_known_to_be_slow() -> None:
    gain = measured((1, 0.01))
    gain.token_seconds = 0.01
    assert gain.length(SURE) == 0
    gain.token_seconds = 0.001
    assert gain.length(SURE) == DRAFT_TOKENS


def test_what_was_slow_once_is_tried_again_after_a_while() -> None:
    gain = measured((9, 0.1), (1, 0.01))
    tries = 0
    while gain.length(SURE) == 0:
        tries += 1
        assert tries < 2000
    assert tries > 50


def test_many_answers_leave_less_room() -> None:
    """Up to 32 tokens a call takes no longer than with one."""
    costs = (1, 0.01), (32, 0.01), (64, 0.02), (8, 0.01)
    assert measured(*costs, answers=4).length(SURE) > measured(*costs, answers=8).length(SURE) > 0
    assert measured(*costs, (32, 0.01), answers=32).length(SURE) == 0
    full = measured((64, 0.01), answers=64)
    assert full.length(SURE) == 0


@pytest.mark.parametrize("lost", [0.05, 0.5])
def test_guesses_that_do_not_pay_cost_a_hundredth_on_the_whole(lost: float) -> None:
    gain, guesses, tokens = measured((9, 0.01), (1, 0.01)), 0, 5_000
    for _ in range(tokens):
        if gain.hopeful():
            gain.called(1, 1, 0.01)
            gain.settled(0, 0, lost * 0.01)
            guesses += 1
    assert guesses > 64
    assert guesses * lost < 0.02 * tokens


def test_guesses_that_pay_go_on() -> None:
    gain = measured((9, 0.01), (1, 0.01))
    for _ in range(1000):
        gain.called(1, 9, 0.01)
        gain.settled(8, 3, 0.0001)
        for _ in range(5):
            gain.called(1, 1, 0.01)
            gain.settled(0, 0, 0.0001)
            assert gain.hopeful()


def test_odds_are_learnt_for_each_length_of_a_match() -> None:
    gain = Gain(64)
    before = gain.odds(8)
    for _ in range(500):
        gain.guessed(6, False)
        gain.guessed(48, True)
    assert gain.odds(6) < 0.1 < before == gain.odds(8) < 0.9 < gain.odds(60)
    for _ in range(500):
        gain.guessed(6, True)
    assert gain.odds(6) > 0.8


class Free(Gain):
    """Rows cost nothing; notes what was right."""

    def __init__(self) -> None:
        super().__init__(64)
        self.called(1, 1, 0.01)
        self.right: list[bool] = []

    def guessed(self, matched: int, right: bool) -> None:
        super().guessed(matched, right)
        self.right.append(right)


def following(before: str, other: str = "") -> ScopedProposer:
    """What the text says of what follows it, and another one."""
    others = OtherTexts([("other.py", other.encode())])
    return ScopedProposer(lambda: OwnText(before.encode()), others)


SAID = "for name in names:\n    print(name)\nfor name in names:\n    print(name)\n"


def test_an_answer_that_repeats_the_file_takes_fewer_calls() -> None:
    on, gain = fake(answer=SAID), Free()
    calls, decode = list[Sequence[Span]](), on.decode

    def counted(spans: Sequence[Span]) -> None:
        calls.append(spans)
        decode(spans)

    on.decode = counted  # type: ignore[method-assign]
    prompt = on.tokenize("> ")
    proposer = following("x = 1\n", "for name in sorted:\n    print(name)\n")
    wanted = plan(200, proposer=proposer, drafts=DraftMaker(on, gain).drafts(proposer))
    assert joined(run(on, prompt, wanted)) == SAID
    assert len(calls) < len(SAID) / 2
    assert gain.right.count(True) > 30
    assert False in gain.right


@pytest.mark.parametrize("sampling", [Sampling(), Sampling(temperature=1.0, seed=5)])
@given(
    said=st.text("ab ", min_size=1, max_size=60), before=st.text("ab ", max_size=60), limit=st.integers(0, 60)
)
def test_guesses_change_nothing_of_the_text(sampling: Sampling, said: str, before: str, limit: int) -> None:
    options = {"answer": said, "other_starts": "b "}
    prompt = fake().tokenize(before + "> ")
    proposer = following(before + "> ")
    drafts = DraftMaker(fake(), Free()).drafts(proposer)
    wanted = plan(limit, sampling=sampling, proposer=proposer, drafts=drafts, logprobs=1)
    drafted = run(fake(**options), prompt, wanted)
    plain = run(fake(**options), prompt, plan(limit, sampling=sampling, logprobs=1))
    assert joined(drafted) == joined(plain)
    assert (drafted[-1].finish_reason, drafted[-1].usage) == (plain[-1].finish_reason, plain[-1].usage)
    entries = [[entry for delta in deltas for entry in delta.logprobs] for deltas in (drafted, plain)]
    assert entries[0] == entries[1]


def test_what_is_not_proposed_is_guessed_silently() -> None:
    """So it becomes known that guesses have become right."""

    class Dear(Free):
        def hopeful(self) -> bool:
            return True

        def length(self, odds: Sequence[float]) -> int:
            return 0

    on, gain = fake(answer=SAID), Dear()
    prompt = on.tokenize("> ")
    proposer = following(SAID)
    drafts = DraftMaker(on, gain).drafts(proposer)
    assert joined(run(on, prompt, plan(200, proposer=proposer, drafts=drafts))) == SAID
    assert gain.right.count(True) > 40


def test_a_model_that_cannot_take_back_gets_none() -> None:
    on = fake()
    on.cuts = False
    assert DraftMaker(on, Free()).drafts(following("x")) is None

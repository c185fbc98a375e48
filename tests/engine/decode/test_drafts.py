"""What is guessed from the texts of a request, and whether it is worth proposing."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.decode.drafts_gain import Gain
from fimble.engine.decode.drafts_lookup import LENGTHS, Lookup
from fimble.engine.decode.drafts_made import DraftMaker
from fimble.engine.limits import DRAFT_SOURCE_BYTES, DRAFT_TOKENS
from fimble.engine.runtimes.base import Span
from fimble.engine.types import Sampling

from .helpers import fake, joined, plan, run

SURE = [0.9] * DRAFT_TOKENS


def guessed(*texts: str) -> tuple[str, int] | None:
    guess = Lookup([text.encode() for text in texts]).guess()
    return (guess.text.decode(), guess.matched) if guess else None


def test_a_guess_is_what_stood_behind_the_same_characters() -> None:
    assert guessed("self.width = width\nself.hei") is None
    assert guessed("total_width = 1\nx\ntotal_width") == (" = 1\nx\ntotal_width", 8)


def test_the_longest_match_wins_and_of_equal_ones_the_nearest() -> None:
    assert guessed("a = value_1; b = value_2; b = value_")[0] == "2; b = value_"
    near = guessed("one value_1 longer two value_2 long one value_")
    assert near == ("1 longer two value_2 long one value_", 8)


def test_other_texts_are_looked_at_in_their_order_and_never_run_into_each_other() -> None:
    assert guessed("further = 1", "under = 2; under = 3", "x\nfurther") == (" = 1", 6)
    assert guessed("x.value = 1", "x.value = 2", "x.value") == (" = 2", 6)
    assert guessed("x.value", "", "y x.value") is None


def test_a_text_that_has_been_right_is_followed() -> None:
    lookup = Lookup([b"first: abcdefgh; " + b"second abcdefXY; " * 20 + b"first: "])
    lookup.accept(b"abc")
    assert lookup.guess() is not None
    lookup.accept(b"def")
    guess = lookup.guess()
    assert guess is not None
    assert guess.text.startswith(b"gh; ")


def test_no_guess_begins_inside_a_character() -> None:
    lookup = Lookup(["groß = größer; groß = gr".encode()])
    assert lookup.guess() is not None
    lookup.accept("ö".encode()[:1])
    assert lookup.guess() is None


def test_only_the_nearest_text_is_searched() -> None:
    far, gap = "total_width = 1\n", "x" * DRAFT_SOURCE_BYTES
    assert guessed(far + gap[: DRAFT_SOURCE_BYTES // 2] + "total_width") is not None
    assert guessed(far + gap + "total_width") is None


@given(
    st.lists(st.text("ab\né", max_size=60), min_size=1, max_size=3), st.lists(st.text("ab\né"), max_size=4)
)
def test_a_guess_stands_somewhere_behind_as_much_as_it_says(texts: list[str], answer: list[str]) -> None:
    encoded = [text.encode() for text in texts]
    lookup = Lookup(encoded)
    for piece in answer:
        lookup.accept(piece.encode())
        encoded[-1] += piece.encode()
        if (guess := lookup.guess()) is not None:
            assert guess.matched in LENGTHS
            assert any(encoded[-1][-guess.matched :] + guess.text in text for text in encoded)


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
    assert gain.odds(6) < 0.1 < before == gain.odds(8) < 0.9 < gain.odds(100)
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


SAID = "for name in names:\n    print(name)\nfor name in names:\n    print(name)\n"


def test_an_answer_that_repeats_the_file_takes_fewer_calls() -> None:
    on, gain = fake(answer=SAID), Free()
    calls, decode = list[Sequence[Span]](), on.decode

    def counted(spans: Sequence[Span]) -> None:
        calls.append(spans)
        decode(spans)

    on.decode = counted  # type: ignore[method-assign]
    prompt = on.tokenize("> ")
    drafts = DraftMaker(on, gain).from_texts(prompt, ["for name in sorted:\n    print(name)\n", "x = 1\n"])
    assert joined(run(on, prompt, plan(200, drafts=drafts))) == SAID
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
    drafts = DraftMaker(fake(), Free()).from_prompt(prompt)
    drafted = run(fake(**options), prompt, plan(limit, sampling=sampling, drafts=drafts, logprobs=1))
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
    drafts = DraftMaker(on, gain).from_texts(prompt, [SAID])
    assert joined(run(on, prompt, plan(200, drafts=drafts))) == SAID
    assert gain.right.count(True) > 40


def test_a_model_that_cannot_take_back_gets_none() -> None:
    on = fake()
    on.cuts = False
    maker = DraftMaker(on, Free())
    assert maker.from_prompt([1, 2]) is None
    assert maker.from_texts([1, 2], ["x"]) is None

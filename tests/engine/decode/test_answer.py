"""The loop with a model that says what it is told: every way to end, echo, log-probabilities, grammars."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.decode.answer import answer
from fimble.engine.decode.steps import Need, Steps
from fimble.engine.errors import ContextLengthExceeded, InvalidRequest
from fimble.engine.runtimes.fake import END, fake_vocabulary
from fimble.engine.types import Grammar, Sampling

from .helpers import compiler, deltas_of, fake, joined, plan, run

NAMES = {token: text.encode() for text, token in fake_vocabulary().controls.items()}


def test_an_answer_ends_with_the_end_token() -> None:
    deltas = run(fake(answer="héllo"), "> ", plan())
    assert (joined(deltas), deltas[-1].finish_reason) == ("héllo", "stop")
    assert all(delta.finish_reason is None for delta in deltas[:-1])
    assert deltas[-1].usage is not None
    assert (deltas[-1].usage.prompt_tokens, deltas[-1].usage.completion_tokens) == (2, 6)


def test_an_answer_ends_at_its_limit() -> None:
    deltas = run(fake(answer="abcdef"), "> ", plan(3))
    assert (joined(deltas), deltas[-1].finish_reason) == ("abc", "length")


def test_nothing_is_made_when_nothing_is_asked_for() -> None:
    deltas = run(fake(answer="abc"), "> ", plan(0))
    assert [(delta.text, delta.finish_reason) for delta in deltas] == [("", "length")]


@pytest.mark.parametrize("stop", ["ld", "o w", "world!"])
def test_a_stop_string_ends_an_answer_and_does_not_show(stop: str) -> None:
    deltas = run(fake(answer="hello world!"), "> ", plan(stop=(stop,)))
    assert joined(deltas) == "hello world!".partition(stop)[0]
    assert deltas[-1].finish_reason == "stop"


def test_an_answer_ends_with_its_line_once_its_time_is_over() -> None:
    ticks = iter(range(10_000))
    model = fake(answer="ab\ncd\nef")
    steps = answer(model, model.tokenize("> "), plan(patience=4), lambda: float(next(ticks)))
    made = list(deltas_of(model, steps))
    assert (joined(made), made[-1].finish_reason) == ("ab\nc", "length")
    patient = run(fake(answer="ab\ncd"), "> ", plan(patience=1000))
    assert (joined(patient), patient[-1].finish_reason) == ("ab\ncd", "stop")
    one_line = fake(answer="abcdef")
    steps = answer(one_line, one_line.tokenize("> "), plan(patience=0), lambda: float(next(ticks)))
    assert joined(list(deltas_of(one_line, steps))) == "abcdef"


def test_the_context_ends_an_answer() -> None:
    deltas = run(fake(answer="ab", endless=True, context_length=20), "> ", plan(500))
    assert (len(joined(deltas)), deltas[-1].finish_reason) == (18, "length")


def test_a_prompt_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ContextLengthExceeded):
        run(fake(context_length=20), "x" * 20, plan())


@pytest.mark.parametrize("after", range(1, 6))
def test_an_answer_needs_its_prompt_and_then_a_token_at_a_time(after: int) -> None:
    on = fake(answer="x", endless=True)
    steps, needs = answer(on, [97] * 12, plan(1000)), list[Need]()
    for _ in deltas_of(on, watched(steps, needs)):
        if len(needs) > after:
            break
    assert [(need.past, len(need.tokens), need.rows) for need in needs] == [
        (0, 12, 1),
        *((12 + n, 1, 1) for n in range(after)),
    ]


def test_the_scoring_of_a_prompt_is_done_in_pieces() -> None:
    on, needs = fake(), list[Need]()
    steps = answer(on, [97] * 50, plan(0, logprobs=0, echo=((97, b"a"),) * 50))
    entries = [entry for delta in deltas_of(on, watched(steps, needs)) for entry in delta.logprobs]
    assert len(entries) == on.evaluated == 50
    assert [(need.past, need.rows) for need in needs] == [(0, 1), (1, 16), (17, 16), (33, 16), (49, 1)]


def watched(steps: Steps, needs: list[Need]) -> Steps:
    """The same steps; what they need is noted."""
    rows = None
    while True:
        try:
            item = steps.send(rows)
        except StopIteration:
            return
        if isinstance(item, Need):
            needs.append(item)
        rows = yield item


class Guesses:
    """Drafts that know the answer, but are wrong at each token for which ``wrong`` says so."""

    def __init__(self, answer: bytes, wrong: list[bool]) -> None:
        self._answer, self._wrong, self.told = answer, wrong, list[tuple[int, int]]()

    def propose(self, tokens: Sequence[int], limit: int) -> Sequence[int]:
        made = len(tokens) - 2
        right = self._answer[made : made + min(limit, 4)]
        return [token ^ self._wrong[(made + n) % len(self._wrong)] for n, token in enumerate(right)]

    def verified(self, proposed: int, right: int) -> None:
        self.told.append((proposed, right))


@given(
    st.binary(min_size=1, max_size=40).filter(lambda data: max(data) < 128),
    st.lists(st.booleans(), min_size=1, max_size=8),
    st.sampled_from([Sampling(), Sampling(temperature=1.0, seed=3), Sampling(repetition_penalty=1.3)]),
    st.integers(0, 50),
    st.sampled_from([(), ("a",), ("\x00",)]),
)
def test_drafts_change_nothing_of_the_text(
    said: bytes, wrong: list[bool], sampling: Sampling, limit: int, stop: tuple[str, ...]
) -> None:
    options = {"answer": said.decode(), "other_starts": "ab"}
    guesses = Guesses(said, wrong)
    plain = run(fake(**options), "> ", plan(limit, sampling=sampling, stop=stop))
    drafted = run(fake(**options), "> ", plan(limit, sampling=sampling, stop=stop, drafts=guesses))
    assert joined(drafted) == joined(plain)
    assert drafted[-1].finish_reason == plain[-1].finish_reason
    assert drafted[-1].usage == plain[-1].usage
    assert all(0 <= right <= proposed for proposed, right in guesses.told)


def test_right_drafts_are_taken_together() -> None:
    on = fake(answer="abcdefghij")
    guesses = Guesses(b"abcdefghij", [False])
    assert joined(run(on, "> ", plan(drafts=guesses))) == "abcdefghij"
    assert guesses.told == [(4, 4), (4, 4)]


def test_a_prompt_is_echoed_ahead_of_the_answer() -> None:
    echo = tuple((token, bytes([token])) for token in "é> ".encode())
    deltas = run(fake(answer="yes"), "é> ", plan(echo=echo))
    assert joined(deltas) == "é> yes"


def test_an_echo_is_never_stopped() -> None:
    echo = tuple((token, bytes([token])) for token in b"a;b")
    assert joined(run(fake(answer="yes;no"), "a;b", plan(echo=echo, stop=(";",)))) == "a;byes"


def test_log_probabilities_of_prompt_and_answer() -> None:
    echo = tuple((token, bytes([token])) for token in b"ab")
    wanted = plan(echo=echo, logprobs=2, names=NAMES)
    deltas = run(fake(answer="abcd"), "ab", wanted)
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
    deltas = run(fake(answer="abc"), "> ", plan(1, logprobs=1, sampling=biased))
    entry = deltas[-1].logprobs[0] if deltas[-1].logprobs else deltas[0].logprobs[0]
    assert entry.text == b"z"
    assert entry.logprob == pytest.approx(-math.log(math.exp(20) + 260))
    assert entry.top[0].text == b"a"


def test_control_tokens_have_names_among_the_alternatives() -> None:
    sure = Sampling(logit_bias=((END, -100.0),))
    deltas = run(fake(answer="a"), "a", plan(1, logprobs=1, sampling=sure, names=NAMES))
    assert deltas[0].logprobs[0].top[0].text == b"</s>"


@given(st.text(min_size=1, max_size=20), st.integers(0, 30))
def test_entries_cover_exactly_the_tokens_made(answer: str, limit: int) -> None:
    deltas = run(fake(answer=answer), [END], plan(limit, logprobs=0))
    entries = [entry for delta in deltas for entry in delta.logprobs]
    made = min(limit, len(answer.encode()))
    assert b"".join(entry.text for entry in entries) == answer.encode()[:made]
    assert joined(deltas) == answer.encode()[:made].decode(errors="replace")


def test_a_grammar_overrules_the_model_and_ends_the_answer() -> None:
    constraint = compiler().compile(Grammar("regex", "[0-9]{3}"))
    deltas = run(fake(answer="abc"), "> ", plan(constraint=constraint))
    assert (joined(deltas), deltas[-1].finish_reason) == ("000", "stop")


def test_a_grammar_that_the_limit_cuts_is_not_finished() -> None:
    constraint = compiler().compile(Grammar("regex", "[0-9]{3}"))
    deltas = run(fake(answer="abc"), "> ", plan(2, constraint=constraint))
    assert (joined(deltas), deltas[-1].finish_reason) == ("00", "length")


def test_a_grammar_that_is_finished_at_the_limit_is_finished() -> None:
    constraint = compiler().compile(Grammar("regex", "[0-9]{3}"))
    deltas = run(fake(answer="abc"), "> ", plan(3, constraint=constraint))
    assert (joined(deltas), deltas[-1].finish_reason) == ("000", "stop")


def test_a_grammar_without_a_way_out_is_refused() -> None:
    constraint = compiler().compile(Grammar("regex", r"[^\s\S]"))
    with pytest.raises(InvalidRequest, match="allows nothing"):
        run(fake(), "> ", plan(constraint=constraint))


@pytest.mark.parametrize(("stop", "reason"), [("3", "stop"), ("2", "length")])
def test_what_a_stop_string_leaves_of_a_grammar_is_whole_or_cut_off(stop: str, reason: str) -> None:
    constraint = compiler().compile(Grammar("regex", "[0-9]{2,9}"))
    deltas = run(fake(answer="12345"), "> ", plan(constraint=constraint, stop=(stop,)))
    assert joined(deltas) == "12345".partition(stop)[0]
    assert deltas[-1].finish_reason == reason

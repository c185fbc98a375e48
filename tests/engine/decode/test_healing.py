"""Answers to prompts that end ahead of the cursor: what was typed is spelled, and never said again."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fimble.engine.decode import healing
from fimble.engine.decode.answer import DecodePlan, answer
from fimble.engine.decode.drafts import Drafts
from fimble.engine.decode.grammar import GrammarCompiler
from fimble.engine.decode.healing import Allowed
from fimble.engine.decode.history import History
from fimble.engine.types import Delta, Dry, Grammar, Sampling

from .helpers import deltas_of, joined
from .toy import END, PIECES, VOCABULARY, Toy, table

TYPED = st.sampled_from(
    ["r", "re", "ret", "retu", " ret", " r", " ", "  ", "=", " =", "\n", "(", "):", "s", "self.", "é", "hél",
     "👍", "x"]
)  # fmt: skip
SAMPLINGS = st.sampled_from(
    [
        Sampling(),
        Sampling(1.5, seed=3),
        Sampling(0.8, top_k=5, seed=1),
        Sampling(repetition_penalty=1.5, frequency_penalty=0.5, presence_penalty=0.5),
        Sampling(dry=Dry(allowed_length=1)),
    ]
)


def healed(typed: str, max_tokens: int = 8, **changes: object) -> DecodePlan:
    return DecodePlan(
        max_tokens, VOCABULARY.end_ids, certain=True, typed=typed.encode(), pieces=table(), **changes
    )


def run(seed: int, plan: DecodePlan) -> tuple[list[Delta], bytes]:
    """What was shown, and the bytes of all tokens that were made, mostly without the last one."""
    model = Toy(seed)
    prompt = model.tokenize("def f():\n")
    deltas = list(deltas_of(model, answer(model, prompt, plan)))
    made = model.held[0][len(prompt) :]
    return deltas, b"".join(map(model.piece, made))


def names(ids: np.ndarray) -> set[bytes]:
    return {PIECES[token] for token in ids}


@pytest.mark.parametrize(
    ("typed", "allowed"),
    [
        ("ret", {b"ret", b"return"}),
        ("retu", {b"return", b"ret"}),
        (" r", {b" return", b" ret", b" "}),
        (" ", {b" ", b" return", b" ret", b" t", b" the", b"  ", b"    ", b" =", b" =="}),
        ("é", {b"\xc3\xa9"}),
        ("):", {b"):\n", b")"}),
    ],
)
def test_what_goes_on_with_what_was_typed_is_allowed(typed: str, allowed: set[bytes]) -> None:
    mask = Allowed(None, table(), typed.encode()).mask()
    assert mask is not None
    assert names(np.flatnonzero(mask)) == allowed


@given(st.integers(0, 10**6), TYPED, SAMPLINGS, st.floats(0, 0.5))
def test_an_answer_spells_what_was_typed_and_shows_the_rest(
    seed: int, typed: str, sampling: Sampling, floor: float
) -> None:
    deltas, made = run(seed, healed(typed, sampling=sampling, floor=floor))
    data, text = typed.encode(), joined(deltas)
    assert made[: len(data)] == data[: len(made)]
    assert text.startswith(made[len(data) :].decode("utf-8", "ignore")) or "\ufffd" in text
    told = [each for delta in deltas for each in delta.certainties if each.text]
    product = math.prod(each.probability for each in told)
    assert all(0 < each.probability <= 1.000001 for each in told)
    if text and not floor and "\ufffd" not in text:
        assert b"".join(each.text for each in told).decode() == text
        assert product <= 1.00001


@given(st.integers(0, 10**6), TYPED, st.integers(1, 4))
def test_tokens_that_only_spell_what_was_typed_are_not_counted(seed: int, typed: str, most: int) -> None:
    deltas, _ = run(seed, healed(typed, most))
    usage = deltas[-1].usage
    assert usage is not None
    assert usage.completion_tokens <= most
    if deltas[-1].finish_reason == "length":
        assert usage.completion_tokens == most


@given(st.integers(0, 10**6), TYPED, st.sampled_from(["e", "tu", "\n", "r", " re"]))
def test_stop_strings_are_looked_for_behind_the_cursor_only(seed: int, typed: str, stop: str) -> None:
    plain = joined(run(seed, healed(typed))[0])
    deltas, _ = run(seed, healed(typed, stop=(stop,)))
    if "\ufffd" not in plain:
        assert joined(deltas) == plain.partition(stop)[0]


@given(st.integers(0, 10**6), TYPED)
def test_log_probabilities_are_of_the_answers_own_bytes(seed: int, typed: str) -> None:
    deltas, _ = run(seed, healed(typed, logprobs=3))
    entries = [each for delta in deltas for each in delta.logprobs]
    assert b"".join(each.text for each in entries).decode("utf-8", "replace") == joined(deltas)
    for each in entries:
        assert each.logprob is not None
        assert each.logprob <= 1e-6
        assert all(math.isfinite(other.logprob) for other in each.top)
        assert each.offset >= 0


class Guesses(Drafts):
    """Drafts of whatever comes to mind."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)

    def propose(self, tokens: object, limit: int) -> list[int]:
        count = int(self._random.integers(0, min(limit, 4) + 1))
        return [int(each) for each in self._random.choice(END, count)]

    def verified(self, proposed: int, right: int) -> None:
        assert right <= proposed


@given(st.integers(0, 10**6), TYPED, SAMPLINGS)
def test_drafts_change_nothing(seed: int, typed: str, sampling: Sampling) -> None:
    plan = healed(typed, sampling=sampling)
    assert joined(run(seed, plan)[0]) == joined(run(seed, replace(plan, drafts=Guesses(seed)))[0])


@pytest.mark.parametrize(
    ("typed", "pattern", "text"),
    [
        ("re", "turn|set", {"turn", "set"}),
        ("re", "[0-9]{3}", None),
        (" ", "return( the)*", None),
        ("self", r"\.[a-z]{2}", None),
        ("=", "= x", {"= x"}),
        ("(", "", {""}),
    ],
)
def test_a_grammar_binds_what_stands_behind_the_cursor(
    typed: str, pattern: str, text: set[str] | None
) -> None:
    compiler = GrammarCompiler(VOCABULARY, PIECES.__getitem__, Toy().tokenize)
    for seed in range(5):
        constraint = compiler.compile(Grammar("regex", pattern))
        deltas, made = run(seed, healed(typed, 20, constraint=constraint))
        found = joined(deltas)
        assert (typed + found).encode().startswith(made)
        if deltas[-1].finish_reason == "stop":
            assert re.fullmatch(pattern, found)
        assert text is None or found in text


def test_where_very_much_is_allowed_what_was_typed_is_spelled_as_it_stands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiler = GrammarCompiler(VOCABULARY, PIECES.__getitem__, Toy().tokenize)
    allowed = Allowed(compiler.compile(Grammar("regex", "(?s:.*)")), table(), b" ")
    mask = allowed.mask()
    assert mask is not None
    assert b" return" in names(np.flatnonzero(mask))
    monkeypatch.setattr(healing, "_MOST", 3)
    mask = allowed.mask()
    assert mask is not None
    assert names(np.flatnonzero(mask)) == {b" "}


def test_a_penalty_for_what_was_made_does_not_count_what_was_typed() -> None:
    history = History([1], 10)
    history.add(2, made=False)
    history.add(3)
    assert history.seen().tolist() == [1, 2, 3]
    assert history.made()[0].tolist() == [3]

"""llama.cpp behind the seam: what is batched, copied, cut or aborted scores as what is read anew."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import fimble.engine.engine as some_code
from fimble.engine.runtimes.base import Runtime, Scores, Span
from fimble.engine.runtimes.ctransformers import CTransformers
from fimble.engine.runtimes.llamacpp.runtime import LlamaCpp

from .aborting import until_aborted
from .conftest import CONTEXT, SEQUENCES

CODE = Path(some_code.__file__).read_text()
ROUNDING = 1.0
"""How far apart a token's scores may be that are computed in another order; they range over some 20."""
PROMPTS, ANSWER = 200, 5


def close(first: Scores, second: Scores) -> bool:
    return bool(np.abs(first - second).max() < ROUNDING)


def fresh(model: LlamaCpp, tokens: Sequence[int]) -> Scores:
    """The scores after the tokens, read in one piece in the last sequence."""
    model.keep(SEQUENCES - 1, 0)
    model.decode([Span(SEQUENCES - 1, tokens, 0)])
    return model.logits(0).copy()


def greedy(model: Runtime, texts: Sequence[str]) -> list[list[tuple[int, Scores]]]:
    """The likeliest tokens after each text, with the scores they have, as many texts at once as fit."""
    made: list[list[tuple[int, Scores]]] = [[] for _ in texts]
    wanted = [(at, model.tokenize(text)[:24], 0) for at, text in enumerate(texts)]
    for _ in range(ANSWER):
        model.decode([Span(sequence, tokens, past) for sequence, tokens, past in wanted])
        for at in range(len(texts)):
            scores = model.logits(at).copy()
            made[at].append((int(scores.argmax()), scores))
        wanted = [(at, [made[at][-1][0]], past + len(tokens)) for at, (_, tokens, past) in enumerate(wanted)]
    return made


def test_both_runtimes_say_the_same(llamacpp: LlamaCpp, ctransformers: CTransformers) -> None:
    """Both round activations to eight bits, in another order: only tokens that score alike may change
    places. Both are equally far from what is computed in 64 bits (0.04 on average)."""
    chance = random.Random(3)
    starts = [chance.randrange(len(CODE) - 200) for _ in range(PROMPTS)]
    prompts = [CODE[start : start + chance.randrange(30, 90)] for start in starts]
    theirs = [greedy(ctransformers, [prompt])[0] for prompt in prompts]
    ours = [each for at in range(0, PROMPTS, 4) for each in greedy(llamacpp, prompts[at : at + 4])]
    same = 0
    for mine, other in zip(ours, theirs, strict=True):
        for (token, scores), (wanted, expected) in zip(mine, other, strict=True):
            assert np.abs(scores - expected).mean() < ROUNDING / 5
            if token != wanted:
                assert scores[token] - scores[wanted] < ROUNDING
                assert expected[wanted] - expected[token] < ROUNDING
                break
        else:
            same += 1
    assert same > 0.85 * PROMPTS


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_spans_score_in_a_batch_as_alone(llamacpp: LlamaCpp, data: st.DataObject) -> None:
    tokens = llamacpp.tokenize(CODE)
    order = data.draw(st.permutations(range(SEQUENCES - 1)))[: data.draw(st.integers(1, SEQUENCES - 1))]
    spans = []
    for sequence in order:
        start, past = data.draw(st.integers(0, 900)), data.draw(st.integers(0, 60))
        count = data.draw(st.integers(1, 40))
        if past:
            llamacpp.keep(sequence, 0)
            llamacpp.decode([Span(sequence, tokens[start : start + past], 0, 0)])
        new = tokens[start + past : start + past + count]
        spans.append((start, Span(sequence, new, past, data.draw(st.integers(0, min(3, count))))))
    llamacpp.decode([span for _, span in spans])
    rows = [
        [llamacpp.logits(at, row).copy() for row in range(span.rows)] for at, (_, span) in enumerate(spans)
    ]
    for (start, span), found in zip(spans, rows, strict=True):
        end = start + span.past + len(span.tokens)
        for row, scores in enumerate(found):
            assert close(scores, fresh(llamacpp, tokens[start : end - span.rows + row + 1]))


class Held:
    """What the sequences should hold, beside the runtime that holds it."""

    def __init__(self, model: LlamaCpp, tokens: list[int]) -> None:
        self.model, self.tokens = model, tokens
        self.held: list[list[int]] = [[] for _ in range(SEQUENCES - 1)]
        for sequence in range(SEQUENCES):
            model.keep(sequence, 0)

    def step(self, data: st.DataObject) -> None:
        sequence = data.draw(st.integers(0, SEQUENCES - 2))
        length = data.draw(st.integers(0, len(self.held[sequence])))
        match data.draw(st.sampled_from(["read", "read", "keep", "copy", "abort"])):
            case "read":
                start, count = data.draw(st.integers(0, 500)), data.draw(st.integers(1, 50))
                new = self.tokens[start : start + count]
                self.model.decode([Span(sequence, new, length, 0)])
                self.held[sequence][length:] = new
            case "keep":
                self.model.keep(sequence, length)
                del self.held[sequence][length:]
            case "copy":
                target = data.draw(st.integers(0, SEQUENCES - 2))
                self.model.copy(sequence, target, length)
                self.held[target] = self.held[sequence][:length]
            case _:
                self.model.abort()  # nothing runs: nothing is ended


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_what_was_copied_and_cut_goes_on_as_if_read_anew(llamacpp: LlamaCpp, data: st.DataObject) -> None:
    state = Held(llamacpp, llamacpp.tokenize(CODE))
    for _ in range(data.draw(st.integers(2, 8))):
        state.step(data)
    held = [each[: CONTEXT - 1] for each in state.held]
    llamacpp.decode([Span(at, [7], len(each)) for at, each in enumerate(held)])
    found = [llamacpp.logits(at).copy() for at in range(len(held))]
    for each, scores in zip(held, found, strict=True):
        llamacpp.keep(SEQUENCES - 1, 0)
        for at in range(0, len(each), 250):
            llamacpp.decode([Span(SEQUENCES - 1, each[at : at + 250], at, 0)])
        llamacpp.decode([Span(SEQUENCES - 1, [7], len(each))])
        assert close(scores, llamacpp.logits(0))


@pytest.mark.parametrize("pause", [0, 10_000, 30_000, 100_000])
def test_abort_ends_a_call_and_what_was_held_is_right(llamacpp: LlamaCpp, pause: int) -> None:
    """Sequences apart are evaluated one after the other: the first may have been, when the call is ended."""
    tokens = llamacpp.tokenize(CODE)
    expected = fresh(llamacpp, tokens[:51])
    for sequence in (0, 2):
        llamacpp.keep(sequence, 0)
        llamacpp.decode([Span(sequence, tokens[:50], 0, 0)])
    long = [Span(0, tokens[50:55], 50), Span(2, tokens[50:300], 50)]
    until_aborted(llamacpp, lambda: llamacpp.decode(long), pause)
    llamacpp.decode([Span(sequence, tokens[50:51], 50) for sequence in (0, 2)])
    for span in (0, 1):
        assert close(llamacpp.logits(span), expected)


def test_scores_are_a_view(llamacpp: LlamaCpp) -> None:
    first = fresh(llamacpp, [5, 6, 7])
    llamacpp.decode([Span(0, [5, 6, 7], 0)])
    view = llamacpp.logits(0)
    assert (view.base is not None, view.dtype.name, view.shape) == (True, "float32", first.shape)
    assert close(view, first)


@pytest.mark.parametrize(
    "span",
    [
        Span(0, [], 0),
        Span(0, [1], 4),
        Span(0, [1, 2], 0, rows=3),
        Span(0, [1] * 257, 0),
        Span(0, [1], CONTEXT),
    ],
    ids=["no tokens", "a gap", "rows", "batch", "context"],
)
def test_spans_that_cannot_be_are_refused(llamacpp: LlamaCpp, span: Span) -> None:
    llamacpp.keep(0, 0)
    with pytest.raises(ValueError, match=r"span|batch"):
        llamacpp.decode([span])


def test_a_row_that_was_not_asked_for_is_refused(llamacpp: LlamaCpp) -> None:
    llamacpp.decode([Span(0, [1, 2, 3], 0, rows=2)])
    with pytest.raises(ValueError, match="row"):
        llamacpp.logits(0, 2)

"""What goes into the next native call, and how fast the model is taken to be."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fimble.engine.types import FimRequest
from fimble.engine.urgency import Urgency
from fimble.engine.workers.job import Job
from fimble.engine.workers.messages import Run
from fimble.engine.workers.pace import Pace
from fimble.engine.workers.places import Place
from fimble.engine.workers.turn import compose

JOBS = st.lists(
    st.tuples(
        st.sampled_from(list(Urgency)), st.integers(1, 300), st.integers(0, 299), st.floats(-5, 0),
        st.integers(1, 16),
    ),
    min_size=1,
    max_size=12,
)  # fmt: skip


def job(number: int, urgency: Urgency, tokens: int, known: int, advanced: float = 0.0, rows: int = 1) -> Job:
    """A job in the place of its number, with so many tokens of which some are known; it wants the scores
    behind the last ``rows``."""
    made = Job(Run(number, FimRequest("", "")), urgency, advanced, None, advanced=advanced)
    made.tokens, made.rows = [1] * tokens, min(rows, tokens)
    made.place = Place(number, np.zeros(400, np.int32), min(known, tokens - made.rows))
    made.reading = made.missing > made.rows
    return made


def measured(fixed: float, row: float, token: float = 0.001) -> Pace:
    """Of a machine where calls take so long."""
    pace = Pace(token)
    for rows, tokens in itertools.product((0, 1, 2, 5, 9), (0, 10, 40)):
        for _ in range(5):
            pace.note(rows, tokens, fixed + row * rows + token * tokens)
    return pace


@example([(Urgency.SUGGESTION, 1, 0, 0.0, 1), *[(Urgency.ANSWER, 8, 0, -1.0, 8)] * 2], 16, 0.0)
@example([(Urgency.SUGGESTION, 9, 0, 0.0, 1), *[(Urgency.ANSWER, 8, 0, -1.0, 8)] * 2], 16, 0.0)
@given(JOBS, st.integers(16, 256), st.sampled_from([0.0, 0.0001, 0.01]))
def test_a_call_is_never_empty_or_too_large_and_brings_each_job_on(
    wanted: list[tuple[Urgency, int, int, float, int]], batch: int, token_seconds: float
) -> None:
    jobs = [job(n, *each) for n, each in enumerate(wanted)]
    parts = compose(jobs, batch, Pace(token_seconds), 0.0)
    assert 0 < sum(len(part.span.tokens) for part in parts) <= batch
    assert len({part.span.sequence for part in parts}) == len(parts)
    for part in parts:
        place = part.job.place
        assert place is not None
        assert (part.span.sequence, part.span.past) == (place.index, place.length)
        assert part.span.rows == (part.job.rows if part.complete else 0)
        left = part.job.missing - len(part.span.tokens)
        assert part.complete or left >= part.job.rows, "the wanted scores are of one call"
    urgent = min(each.urgency for each in jobs)
    assert any(part.job.urgency is urgent for part in parts)
    assert all(part.job.urgency is not Urgency.AHEAD for part in parts) or urgent is Urgency.AHEAD


def test_as_many_suggestions_are_made_together_as_are_worth_it() -> None:
    """Where each row costs as much as the first one, they are made one after the other."""
    jobs = [job(n, Urgency.SUGGESTION, 10, 9) for n in range(8)]
    dear, cheap = measured(0.00001, 0.001), measured(0.05, 0.0005)
    assert len(compose(jobs, 128, dear, 0.0)) == 1
    assert len(compose(jobs, 128, cheap, 0.0)) == 8
    assert len(compose(jobs, 128, Pace(), 0.0)) == 8


def test_the_suggestion_that_was_begun_first_is_finished_first() -> None:
    dear = measured(0.00001, 0.001)
    first, second = job(0, Urgency.SUGGESTION, 10, 9), job(1, Urgency.SUGGESTION, 10, 9)
    first.read, second.read = 2.0, 1.0
    (part,) = compose([first, second], 128, dear, 3.0)
    assert part.job is second


@pytest.mark.parametrize(("fixed", "row"), [(0.002, 0.001), (0.0005, 0.001), (0.01, 0.002)])
def test_nine_tenths_of_the_best_rate_are_enough(fixed: float, row: float) -> None:
    rows = measured(fixed, row).rows_worth_it(128)
    assert 0.8 / row < rows / (fixed + row * rows) <= 0.95 / row


def test_what_a_call_takes_is_divided_among_what_was_in_it() -> None:
    pace = measured(0.002, 0.003, 0.0004)
    assert pace.token_seconds == pytest.approx(0.0004, rel=0.1)
    assert pace.tokens_in(0.02, 1, 1000) == pytest.approx(50, rel=0.1)


def test_one_call_that_was_held_up_changes_little() -> None:
    pace = measured(0.002, 0.003, 0.0004)
    pace.note(1, 40, 10.0)
    assert pace.token_seconds < 0.0008


def test_whoever_decodes_waits_for_a_piece_of_each_prompt() -> None:
    decoding = job(0, Urgency.SUGGESTION, 10, 9)
    one = [decoding, job(1, Urgency.SUGGESTION, 300, 0)]
    assert [len(part.span.tokens) for part in compose(one, 256, Pace(0.0002), 0.0)] == [1, 40]
    two = [*one, job(2, Urgency.SUGGESTION, 290, 0)]
    assert [len(part.span.tokens) for part in compose(two, 256, Pace(0.0002), 0.0)] == [1, 80]
    assert [len(part.span.tokens) for part in compose(one[1:], 256, Pace(0.0002), 0.0)] == [150]

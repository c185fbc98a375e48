"""What goes into the next native call, and how fast the model is taken to be."""

from __future__ import annotations

import numpy as np
from hypothesis import given
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
        st.sampled_from(list(Urgency)), st.integers(1, 300), st.integers(0, 299), st.floats(-5, 0)
    ),
    min_size=1,
    max_size=12,
)  # fmt: skip


def job(number: int, urgency: Urgency, tokens: int, known: int, advanced: float = 0.0) -> Job:
    """A job in the place of its number, with so many tokens of which some are known."""
    made = Job(Run(number, FimRequest("", "")), urgency, advanced, None, advanced=advanced)
    made.tokens, made.rows = [1] * tokens, 1
    made.place = Place(number, np.zeros(400, np.int32), min(known, tokens - 1))
    made.reading = made.missing > 1
    return made


def measured(rows_seconds: dict[int, float], token_seconds: float = 0.001) -> Pace:
    pace = Pace(token_seconds)
    for _ in range(20):
        for rows, seconds in rows_seconds.items():
            pace.note_rows(rows, seconds)
    return pace


@given(JOBS, st.integers(16, 256), st.sampled_from([0.0, 0.0001, 0.01]))
def test_a_call_is_never_empty_or_too_large_and_brings_each_job_on(
    wanted: list[tuple[Urgency, int, int, float]], batch: int, token_seconds: float
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
    urgent = min(each.urgency for each in jobs)
    assert any(part.job.urgency is urgent for part in parts)
    assert all(part.job.urgency is not Urgency.AHEAD for part in parts) or urgent is Urgency.AHEAD


def test_as_many_suggestions_are_made_together_as_are_worth_it() -> None:
    """Where each row costs as much as the first one, they are made one after the other."""
    jobs = [job(n, Urgency.SUGGESTION, 10, 9) for n in range(8)]
    dear, cheap = measured({1: 0.001, 4: 0.004, 8: 0.008}), measured({1: 0.05, 4: 0.051, 8: 0.052})
    assert len(compose(jobs, 128, dear, 0.0)) == 1
    assert len(compose(jobs, 128, cheap, 0.0)) == 8
    assert len(compose(jobs, 128, Pace(), 0.0)) == 8


def test_the_suggestion_that_was_begun_first_is_finished_first() -> None:
    dear = measured({1: 0.001, 4: 0.004})
    first, second = job(0, Urgency.SUGGESTION, 10, 9), job(1, Urgency.SUGGESTION, 10, 9)
    first.read, second.read = 2.0, 1.0
    (part,) = compose([first, second], 128, dear, 3.0)
    assert part.job is second


def test_nine_tenths_of_the_best_rate_are_enough() -> None:
    for fixed, each in ((0.002, 0.001), (0.0005, 0.001), (0.01, 0.002)):
        pace = measured({rows: fixed + each * rows for rows in (1, 2, 5, 9)})
        rows = pace.rows_worth_it(128)
        assert 0.85 / each < rows / (fixed + each * rows) <= 0.95 / each


def test_whoever_decodes_waits_for_a_piece_of_each_prompt() -> None:
    decoding = job(0, Urgency.SUGGESTION, 10, 9)
    one = [decoding, job(1, Urgency.SUGGESTION, 300, 0)]
    assert [len(part.span.tokens) for part in compose(one, 256, Pace(0.0002), 0.0)] == [1, 40]
    two = [*one, job(2, Urgency.SUGGESTION, 290, 0)]
    assert [len(part.span.tokens) for part in compose(two, 256, Pace(0.0002), 0.0)] == [1, 80]
    assert [len(part.span.tokens) for part in compose(one[1:], 256, Pace(0.0002), 0.0)] == [150]

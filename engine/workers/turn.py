"""Which tokens are evaluated in the next native call.

Answers that want their next token come first; what is left of the call's time goes to prompts, in pieces,
so that nobody who decodes waits for somebody's long prompt. Requests come before long answers, and these
before work ahead of time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..limits import PIECE_SECONDS, PIECE_SECONDS_ALONE, RIDE_SECONDS, WAITING_PROMPT_SECONDS
from ..runtimes.base import Span
from ..urgency import Urgency
from .job import Job
from .pace import Pace

_LEAST = 16
"""A piece of a prompt has at least so many tokens, however slow the model is."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one job gets of a native call."""

    job: Job
    span: Span

    @property
    def complete(self) -> bool:
        """Whether the job then has all that it needs."""
        return self.span.past + len(self.span.tokens) == len(self.job.tokens)


def compose(jobs: Iterable[Job], batch: int, pace: Pace, now: float) -> list[Part]:
    """The parts of the next native call, of at most ``batch`` tokens; ``jobs`` have places."""
    jobs = _invited(list(jobs), now)
    urgent = min(job.urgency for job in jobs)
    decoding = sorted((job for job in jobs if job.missing <= job.rows), key=_turn)
    reading = [job for job in jobs if job.missing > job.rows]
    first = next((job for job in decoding if job.urgency is urgent), None)
    # whoever rides along leaves room for one of those that it rides with
    kept = batch // 2 if first is None else 0
    parts, room = list[Part](), batch
    worth_it = pace.rows_worth_it(batch)
    for job in sorted(decoding, key=lambda job: job is not first):
        short = job.urgency is Urgency.SUGGESTION
        free = room if job.urgency is urgent else room - kept
        if job.missing <= free and (worth_it > 0 or not short):
            parts.append(_part(job, job.missing))
            room -= job.missing
            worth_it -= job.missing if short else 0
    # whoever decodes waits for a piece of each prompt, and for no long one
    seconds = min(PIECE_SECONDS * len(reading), PIECE_SECONDS_ALONE) if parts else PIECE_SECONDS_ALONE
    room = min(room, pace.tokens_in(seconds, _LEAST, batch))
    return parts + [_part(job, count) for job, count in _shared(reading, room, now) if count]


def _shared(reading: Sequence[Job], room: int, now: float) -> list[tuple[Job, int]]:
    """How many tokens of each prompt are read. Short ones first, for most are read soonest so; half of the
    room is for the one that has waited longest, so that nobody waits for ever. The tokens whose scores are
    wanted come in one piece, the last."""
    counts = dict.fromkeys(sorted(reading, key=lambda job: (job.urgency, job.missing)), 0)
    late = [job for job in reading if now - job.since >= WAITING_PROMPT_SECONDS]
    turns = [*sorted(late, key=lambda job: job.since)[:1], *counts]
    for at, job in enumerate(turns):
        most = room // 2 if late and not at else room
        left = job.missing - counts[job]
        count = left if left <= most else min(most, left - job.rows)
        counts[job] += count
        room -= count
    return list(counts.items())


def _invited(jobs: Sequence[Job], now: float) -> list[Job]:
    """The most urgent ones, and long answers that got nothing for a while."""
    urgent = min(job.urgency for job in jobs)
    return [job for job in jobs if job.urgency is urgent or _rides(job, now)]


def _rides(job: Job, now: float) -> bool:
    return job.urgency is Urgency.ANSWER and now - job.advanced >= RIDE_SECONDS


def _turn(job: Job) -> tuple[bool, float]:
    """Suggestions one after the other, since a part of one is of no use; long answers by turns."""
    short = job.urgency is Urgency.SUGGESTION
    return short, job.read if short else job.advanced


def _part(job: Job, count: int) -> Part:
    assert job.place is not None
    past = job.place.length
    tokens = job.tokens[past : past + count]
    rows = job.rows if past + count == len(job.tokens) else 0
    return Part(job, Span(job.place.index, tokens, past, rows))

"""The loop: evaluate the prompt, then choose tokens until an end token, a stop string, a limit or a
deadline, or until the grammar is satisfied."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field

from ..errors import DeadlineExceeded
from ..stopping import Stopped
from ..types import Delta, FinishReason, Sampling, Timings, TokenLogprob, Usage
from .filters import Scores
from .grammar import Constraint
from .logprobs import token_logprob
from .recall import Recall
from .sampler import Sampler
from .session import Cancelled, Session
from .text import TextWriter


@dataclass(frozen=True, slots=True)
class DecodePlan:
    """What to generate after a prompt. ``deadline`` is a ``time.monotonic`` value.

    ``echo`` are the last tokens of the prompt with their bytes, to be given out ahead of the answer.
    ``names`` are the bytes by which log-probabilities call control tokens, ``shown`` those of control
    tokens that are part of the text.
    """

    max_tokens: int
    end_ids: frozenset[int]
    sampling: Sampling = field(default_factory=Sampling)
    stop: tuple[str, ...] = ()
    deadline: float | None = None
    constraint: Constraint | None = None
    recall: Recall | None = None
    logprobs: int | None = None
    echo: tuple[tuple[int, bytes], ...] = ()
    names: Mapping[int, bytes] = field(default_factory=dict)
    shown: Mapping[int, bytes] = field(default_factory=dict)


def generate(
    session: Session, prompt: Sequence[int], plan: DecodePlan, cancelled: Cancelled
) -> Generator[Delta]:
    """Pieces of text with usage and timings so far; the last one has a finish reason.

    Raises :class:`Stopped` when ``cancelled`` says so between batches or tokens, and
    :class:`DeadlineExceeded` when the deadline passes before the first token. A deadline that passes
    later ends the text with "length", and so does a stop string that leaves less than the grammar wants:
    what ends with "stop" is always whole.
    """
    clock = _Clock()
    echo, reused = _read_prompt(session, prompt, plan, _before(plan.deadline, cancelled))
    clock.prefilled = time.monotonic()
    if plan.echo:
        yield Delta(echo.text, None, Usage(len(prompt), 0, reused), clock.timings(), echo.logprobs)
    answer = _Answer(session, prompt, plan, len(echo.text))
    text, reason = "", None
    while reason is None:
        if cancelled():
            raise Stopped
        text, reason = answer.step()
        if text and reason is None:
            usage = Usage(len(prompt), answer.made, reused)
            yield Delta(text, None, usage, clock.timings(), answer.writer.logprobs())
    text += answer.writer.flush()
    usage = Usage(len(prompt), answer.made, reused)
    yield Delta(text, reason, usage, clock.timings(), answer.writer.last_logprobs())


class _Answer:
    """The answer as it grows, token by token."""

    def __init__(self, session: Session, prompt: Sequence[int], plan: DecodePlan, before: int) -> None:
        self._session, self._plan = session, plan
        self._piece, self._constraint = session.model.piece, plan.constraint
        self._limit = min(plan.max_tokens, session.room)
        self._sampler = Sampler(plan.sampling, prompt, len(session.logits()), self._piece)
        self.writer = TextWriter(plan.stop, before)
        self.made, self._text = 0, ""

    def step(self) -> tuple[str, FinishReason | None]:
        """One more token: the text that may be shown now, and the reason to end, if there is one."""
        if self._constraint is not None and self._constraint.finished:
            return "", "stop"
        if self.made >= self._limit or self._late():
            return "", "length"
        if self.made:
            self._session.append(self._token)
        scores = self._session.logits()
        token = self._choose(scores)
        if token in self._plan.end_ids:
            return "", "stop"
        self.made += 1
        text = self.writer.feed(self._plan.shown.get(token) or self._piece(token), self._entry(scores, token))
        self._text += text
        return text, self._stopped() if self.writer.stopped else None

    def _stopped(self) -> FinishReason:
        """The reason after a stop string."""
        whole = self._constraint is None or self._constraint.fits(self._text)
        return "stop" if whole else "length"

    def _choose(self, scores: Scores) -> int:
        if self._constraint is None:
            self._token = self._recalled(scores) or self._sampler.choose(scores)
        else:
            self._token = self._sampler.choose(scores, self._constraint.allowed())
            self._constraint.accept(self._token)
        self._sampler.accept(self._token)
        if self._plan.recall is not None:
            self._plan.recall.accept(self._piece(self._token))
        return self._token

    def _recalled(self, scores: Scores) -> int | None:
        """What the file says, where that is better than what the model says."""
        return None if self._plan.recall is None else self._plan.recall.choose(scores)

    def _entry(self, scores: Scores, token: int) -> TokenLogprob | None:
        if self._plan.logprobs is None:
            return None
        return _entry(self._session, self._plan, scores, token, self.writer.offset)

    def _late(self) -> bool:
        deadline = self._plan.deadline
        return deadline is not None and self.made > 0 and time.monotonic() >= deadline


@dataclass(frozen=True, slots=True)
class _Echo:
    text: str = ""
    logprobs: tuple[TokenLogprob, ...] = ()


def _read_prompt(
    session: Session, prompt: Sequence[int], plan: DecodePlan, cancelled: Cancelled
) -> tuple[_Echo, int]:
    """Evaluate the prompt; what is to be echoed of it, and how many of its tokens were cached.

    The probability of each of its tokens needs the scores after each one before, so only then is it
    evaluated token by token.
    """
    reserve, writer = min(plan.max_tokens, 1), TextWriter(())
    if not plan.echo or plan.logprobs is None:
        reused = session.prefill(prompt, cancelled, reserve)
        text = "".join([writer.feed(data) for _, data in plan.echo])
        return _Echo(text + writer.flush()), reused
    hidden = len(prompt) - len(plan.echo)
    token, data = plan.echo[0]
    text = writer.feed(data, TokenLogprob(token, data, None))
    for at, scores in enumerate(session.read(prompt, cancelled, reserve), 1):
        if hidden < at < len(prompt):
            token, data = plan.echo[at - hidden]
            text += writer.feed(data, _entry(session, plan, scores, token, writer.offset))
    return _Echo(text + writer.flush(), writer.last_logprobs()), 0


def _entry(session: Session, plan: DecodePlan, scores: Scores, token: int, offset: int) -> TokenLogprob:
    def name(each: int) -> bytes:
        return session.model.piece(each) or plan.names.get(each, b"")

    return token_logprob(scores, token, plan.logprobs or 0, name, offset)


def _before(deadline: float | None, cancelled: Cancelled) -> Cancelled:
    def check() -> bool:
        if deadline is not None and time.monotonic() >= deadline:
            raise DeadlineExceeded("The deadline passed before the model had read the prompt.")
        return cancelled()

    return check


class _Clock:
    """When the job began and when its prompt was evaluated."""

    def __init__(self) -> None:
        self.began = self.prefilled = time.monotonic()

    def timings(self) -> Timings:
        now = time.monotonic()
        prompt, generate = self.prefilled - self.began, now - self.prefilled
        return Timings(0, prompt * 1000, generate * 1000, (now - self.began) * 1000)

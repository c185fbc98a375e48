"""The loop: evaluate the prompt, then choose tokens until an end token, a stop string, a limit or a
deadline, or until the grammar is satisfied."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from ..errors import DeadlineExceeded
from ..runtimes.base import Scores
from ..types import Delta, FinishReason, Sampling, Timings, TokenLogprob, Usage
from .cache import TokenCache
from .grammar import Constraint
from .logprobs import token_logprob
from .recall import Recall
from .sampler import Sampler
from .text import TextWriter


@dataclass(frozen=True, slots=True)
class DecodePlan:
    """What to generate after a prompt. ``deadline`` is a time of the clock that is used, in seconds.

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


T = TypeVar("T")
Clock = Callable[[], float]
Steps = Generator[Delta | None]
"""An answer as it is made. Each item is a step of work, a batch of the prompt or a token; a Delta is what
it has to show. Between two steps the model may work for others, and closing the generator ends the work."""


def generate(
    cache: TokenCache, prompt: Sequence[int], plan: DecodePlan, clock: Clock = time.monotonic
) -> Steps:
    """Pieces of text with usage and timings so far; the last one has a finish reason.

    Raises :class:`DeadlineExceeded` when the deadline passes before the prompt is read. A deadline that
    passes later ends the text with "length", and so does a stop string that leaves less than the grammar
    wants: what ends with "stop" is always whole.
    """
    times = _Times(clock)
    echo, reused = yield from _in_time(_read_prompt(cache, prompt, plan), plan.deadline, clock)
    times.prefilled = clock()
    if plan.echo:
        yield Delta(echo.text, None, Usage(len(prompt), 0, reused), times.so_far(), echo.logprobs)
    answer = _Answer(cache, prompt, plan, len(echo.text), clock)
    text, reason = "", None
    while reason is None:
        text, reason = yield from answer.step()
        if reason is None:
            usage = Usage(len(prompt), answer.made, reused)
            yield Delta(text, None, usage, times.so_far(), answer.writer.logprobs()) if text else None
    text += answer.writer.flush()
    usage = Usage(len(prompt), answer.made, reused)
    yield Delta(text, reason, usage, times.so_far(), answer.writer.last_logprobs())


class _Answer:
    """The answer as it grows, token by token."""

    def __init__(
        self, cache: TokenCache, prompt: Sequence[int], plan: DecodePlan, before: int, clock: Clock
    ) -> None:
        self._cache, self._plan, self._clock = cache, plan, clock
        self._piece, self._constraint = cache.model.piece, plan.constraint
        self._limit = min(plan.max_tokens, cache.model.context_length - len(prompt))
        self._sampler = Sampler(plan.sampling, prompt, len(cache.logits()), self._piece)
        self._tokens = list(prompt)
        self.writer = TextWriter(plan.stop, before)
        self.made, self._text = 0, ""

    def step(self) -> Generator[None, None, tuple[str, FinishReason | None]]:
        """One more token: the text that may be shown now, and the reason to end, if there is one."""
        if self._constraint is not None and self._constraint.finished:
            return "", "stop"
        if self.made >= self._limit or self._late():
            return "", "length"
        yield from self._cache.hold(self._tokens)
        scores = self._cache.logits()
        token = self._choose(scores)
        if token in self._plan.end_ids:
            return "", "stop"
        self._tokens.append(token)
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
            token = self._recalled(scores) or self._sampler.choose(scores)
        else:
            token = self._sampler.choose(scores, self._constraint.allowed())
            self._constraint.accept(token)
        self._sampler.accept(token)
        if self._plan.recall is not None:
            self._plan.recall.accept(self._piece(token))
        return token

    def _recalled(self, scores: Scores) -> int | None:
        """What the file says, where that is better than what the model says."""
        return None if self._plan.recall is None else self._plan.recall.choose(scores)

    def _entry(self, scores: Scores, token: int) -> TokenLogprob | None:
        if self._plan.logprobs is None:
            return None
        return _entry(self._cache, self._plan, scores, token, self.writer.offset)

    def _late(self) -> bool:
        deadline = self._plan.deadline
        return deadline is not None and self.made > 0 and self._clock() >= deadline


@dataclass(frozen=True, slots=True)
class _Echo:
    text: str = ""
    logprobs: tuple[TokenLogprob, ...] = ()


def _read_prompt(
    cache: TokenCache, prompt: Sequence[int], plan: DecodePlan
) -> Generator[None, None, tuple[_Echo, int]]:
    """Evaluate the prompt; what is to be echoed of it, and how many of its tokens were cached.

    The probability of each of its tokens needs the scores after each one before, so only then is it
    evaluated token by token.
    """
    reserve, writer = min(plan.max_tokens, 1), TextWriter(())
    if not plan.echo or plan.logprobs is None:
        reused = yield from cache.hold(prompt, reserve)
        text = "".join([writer.feed(data) for _, data in plan.echo])
        return _Echo(text + writer.flush()), reused
    hidden = len(prompt) - len(plan.echo)
    token, data = plan.echo[0]
    text = writer.feed(data, TokenLogprob(token, data, None))
    read: list[int] = []
    for at, each in enumerate(prompt, 1):
        read.append(each)
        yield from cache.hold(read, reserve + len(prompt) - at)
        if hidden < at < len(prompt):
            token, data = plan.echo[at - hidden]
            text += writer.feed(data, _entry(cache, plan, cache.logits(), token, writer.offset))
        yield
    return _Echo(text + writer.flush(), writer.last_logprobs()), 0


def _entry(cache: TokenCache, plan: DecodePlan, scores: Scores, token: int, offset: int) -> TokenLogprob:
    def name(each: int) -> bytes:
        return cache.model.piece(each) or plan.names.get(each, b"")

    return token_logprob(scores, token, plan.logprobs or 0, name, offset)


def _in_time(
    steps: Generator[None, None, T], deadline: float | None, clock: Clock
) -> Generator[None, None, T]:
    """The same steps; :class:`DeadlineExceeded` ahead of the first one that begins too late."""
    while True:
        if deadline is not None and clock() >= deadline:
            raise DeadlineExceeded("The deadline passed before the model had read the prompt.")
        try:
            next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        yield


class _Times:
    """When the job began and when its prompt was evaluated."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.began = self.prefilled = clock()

    def so_far(self) -> Timings:
        now = self._clock()
        prompt, generate = self.prefilled - self.began, now - self.prefilled
        return Timings(0, prompt * 1000, generate * 1000, (now - self.began) * 1000)

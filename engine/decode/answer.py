"""One answer, step by step: the prompt, then token after token until an end token, a stop string, a limit
or a deadline, or until the grammar is satisfied."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..errors import ContextLengthExceeded
from ..prompt.pieces import PieceTable
from ..runtimes.base import Runtime, Scores
from ..tokens import Certainty, TokenLogprob
from ..types import Delta, FinishReason, Sampling, Timings, Usage
from .choice import Choice, Chooser, Likelihoods, OwnChoice
from .drafts import Drafts
from .filters import Mask
from .grammar import Constraint
from .healing import Allowed
from .logprobs import token_logprob
from .mixing import Advice, MixedChoice
from .proposals import Proposer
from .sampler import Sampler
from .steps import Need, Rows, Steps, rows_of
from .text import TextWriter

Clock = Callable[[], float]
_ECHOED = 16
"""So many tokens of a prompt are scored at a time: each row of scores is as long as the vocabulary."""


@dataclass(frozen=True, slots=True)
class DecodePlan:
    """What to generate after a prompt. ``deadline`` is a time of the clock that is used, in seconds.

    ``echo`` are the last tokens of the prompt with their bytes, to be given out ahead of the answer.
    ``names`` are the bytes by which log-probabilities call control tokens, ``shown`` those of control tokens
    that are part of the text. ``proposer`` is told of each token; ``advice`` is what it says of the next one,
    and ``drafts`` guess tokens that are then verified together. With ``certain`` each token comes with how
    sure it is; the answer ends ahead of the token with which the product of the probabilities falls below
    ``floor``. With ``one_line`` the answer ends with its first line that is not blank. ``typed`` is what the
    first tokens must spell, ahead of the answer's text, with tokens of ``pieces``. ``patience`` are seconds
    for the answer's tokens: once they are over, it ends with its line.
    """

    max_tokens: int
    end_ids: frozenset[int]
    sampling: Sampling = field(default_factory=Sampling)
    stop: tuple[str, ...] = ()
    deadline: float | None = None
    constraint: Constraint | None = None
    proposer: Proposer | None = None
    advice: Advice | None = None
    drafts: Drafts | None = None
    logprobs: int | None = None
    echo: tuple[tuple[int, bytes], ...] = ()
    names: Mapping[int, bytes] = field(default_factory=dict)
    shown: Mapping[int, bytes] = field(default_factory=dict)
    certain: bool = False
    floor: float = 0.0
    one_line: bool = False
    typed: bytes = b""
    pieces: PieceTable | None = None
    patience: float | None = None


def answer(model: Runtime, prompt: Sequence[int], plan: DecodePlan, clock: Clock = time.monotonic) -> Steps:
    """Pieces of text with usage and timings so far; the last one has a finish reason.

    Raises :class:`ContextLengthExceeded` for a prompt that does not fit. A deadline that passes ends the
    text with "length", and so does a stop string that leaves less than the grammar wants: what ends with
    "stop" is always whole.
    """
    check_fit(model, prompt, min(plan.max_tokens, 1))
    times = _Times(clock)
    echo, read = yield from _read_prompt(model, prompt, plan)
    times.prefilled = clock()
    if plan.echo:
        yield Delta(echo.text, None, Usage(len(prompt), 0, read.cached), times.so_far(), echo.logprobs)
    text = _Text(model, prompt, plan, len(echo.text), len(read.scores[-1]), clock)
    shown = text.take(read.scores[-1:])
    while text.reason is None:
        if shown:
            yield text.delta(shown, read.cached, times.so_far())
        rows = yield from rows_of(text.need())
        shown = text.take(rows.scores)
    shown += text.writer.flush()
    yield text.delta(shown, read.cached, times.so_far())


def check_fit(model: Runtime, prompt: Sequence[int], reserve: int) -> None:
    """Whether the model can hold a prompt and ``reserve`` tokens more."""
    if not prompt or len(prompt) + reserve > model.context_length:
        raise ContextLengthExceeded(
            f"The prompt has {len(prompt)} tokens and {reserve} more are asked for, but the model's "
            f"context holds {model.context_length}. Send less text or ask for fewer tokens.",
            "prompt",
        )


class _Text:
    """The answer as it grows. ``reason`` is why it has ended, once it has; ``made`` counts its tokens,
    without those that only spell what was typed."""

    def __init__(
        self, model: Runtime, prompt: Sequence[int], plan: DecodePlan, before: int, size: int, clock: Clock
    ) -> None:
        self._piece, self._plan, self._clock = model.piece, plan, clock
        self._context = model.context_length
        self._allowed = Allowed(plan.constraint, plan.pieces, plan.typed)
        self._chooser = _chooser(plan, prompt, size, self._piece)
        self._tokens = list(prompt)
        self._draft: Sequence[int] = ()
        self._text = ""
        self._probability = 1.0
        self._spelled: Choice | None = None
        self._began = clock()
        self.writer = TextWriter(plan.stop, before, plan.one_line)
        self.made = 0
        self.reason: FinishReason | None = self._full()

    def need(self) -> Need:
        """The scores behind the last token, and behind those that are likely to follow it."""
        drafts, room = self._plan.drafts, self._room - 1
        free = room > 0 and not self._allowed.typed
        self._draft = drafts.propose(self._tokens, room) if drafts is not None and free else ()
        tokens = (self._tokens[-1], *self._draft)
        return Need(len(self._tokens) - 1, tokens, len(tokens))

    def take(self, rows: Sequence[Scores]) -> str:
        """One more token, and one more for each that was guessed rightly; what may be shown now."""
        shown, right = "", 0
        for scores, guess in zip(rows, (*self._draft, None), strict=True):
            if self.reason is not None:
                break
            shown += self._add(scores)
            if self._tokens[-1] != guess:
                break
            right += 1
        if self._draft and self._plan.drafts is not None:
            self._plan.drafts.verified(len(self._draft), right)
        return shown

    @property
    def _room(self) -> int:
        """How many tokens more the answer may have."""
        return min(self._plan.max_tokens - self.made, self._context - len(self._tokens))

    def delta(self, shown: str, cached: int, times: Timings) -> Delta:
        """What is shown now, with what is told of its tokens; the last one has the reason."""
        usage = Usage(len(self._tokens) - self.made, self.made, cached)
        told, certainties = self.writer.logprobs(), self.writer.certainties()
        return Delta(shown, self.reason, usage, times, told, certainties=certainties)

    def _add(self, scores: Scores) -> str:
        """One more token, unless it is an end token or too unlikely."""
        allowed, typed = self._allowed.mask(), self._allowed.typed
        choice = self._chooser.choose(scores, allowed, typed)
        token = choice.token
        data = self._plan.shown.get(token) or self._piece(token)
        certainty = self._certainty(choice, data)
        if token in self._plan.end_ids:
            self._allowed.accept(token, b"")
            self.writer.ended_by(certainty)
            self.reason = "stop"
            return ""
        self._probability *= choice.probability
        if self._probability < self._plan.floor:
            self.writer.cut()
            self.writer.ended_by(certainty)
            self.reason = self._stopped()
            return ""
        entry = self._entry(scores, token, allowed if typed else None)
        data = self._allowed.accept(token, data)
        self._chooser.accept(token, data)
        self._tokens.append(token)
        if typed and not data:
            return ""
        self.made += 1
        text = self.writer.feed(data, entry, certainty)
        self._text += text
        if self._plan.proposer is not None:
            self._plan.proposer.accept(data)
        self.reason = self._stopped() if self.writer.stopped else self._full()
        return text

    def _full(self) -> FinishReason | None:
        """The reason not to make another token, if there is one."""
        constraint, deadline = self._plan.constraint, self._plan.deadline
        if constraint is not None and constraint.finished:
            return "stop"
        late = deadline is not None and self.made > 0 and self._clock() >= deadline
        return "length" if late or self._room <= 0 or self._slow() else None

    def _slow(self) -> bool:
        """Whether its time is over, and it has a whole line."""
        patience = self._plan.patience
        return patience is not None and "\n" in self._text and self._clock() - self._began >= patience

    def _stopped(self) -> FinishReason:
        """The reason after a stop string, and where the answer is not worth going on with."""
        constraint = self._plan.constraint
        return "stop" if constraint is None or constraint.fits(self._text) else "length"

    def _certainty(self, choice: Choice, data: bytes) -> Certainty | None:
        """What is told of a token; of one that only spells what was typed it is told with the next one."""
        if not self._plan.certain:
            return None
        choice = choice.behind(self._spelled) if self._spelled is not None else choice
        data = self._allowed.behind(data)
        self._spelled = choice if self._allowed.typed and not data else None
        return choice.certainty(data, self.writer.offset)

    def _entry(self, scores: Scores, token: int, allowed: Mask | None) -> TokenLogprob | None:
        """The token's log-probability; ``allowed`` are those among which what was typed decides."""
        if allowed is not None:
            scores = np.where(allowed, scores, np.float32(-np.inf))

        def piece(token: int) -> bytes:
            return self._allowed.behind(self._piece(token))

        return _entry(piece, self._plan, scores, token, self.writer.offset)


def _chooser(plan: DecodePlan, prompt: Sequence[int], size: int, piece: Callable[[int], bytes]) -> Chooser:
    """What chooses an answer's tokens; ``size`` is the vocabulary's."""
    sampler, likelihoods = Sampler(plan.sampling, prompt, size, piece), Likelihoods(size, plan.end_ids)
    if plan.advice is not None:
        return MixedChoice(sampler, likelihoods, plan.advice)
    return OwnChoice(sampler, likelihoods if plan.certain or plan.floor else None)


@dataclass(frozen=True, slots=True)
class _Echo:
    text: str = ""
    logprobs: tuple[TokenLogprob, ...] = ()


def _read_prompt(
    model: Runtime, prompt: Sequence[int], plan: DecodePlan
) -> Generator[Need | Delta, Rows | None, tuple[_Echo, Rows]]:
    """Have the prompt evaluated; what is to be echoed of it, and the rows behind it.

    The probability of each of its tokens needs the scores after the one before.
    """
    writer = TextWriter(())
    if not plan.echo or plan.logprobs is None:
        rows = yield from rows_of(Need(0, prompt))
        text = "".join([writer.feed(data) for _, data in plan.echo])
        return _Echo(text + writer.flush()), rows
    hidden = len(prompt) - len(plan.echo)
    token, data = plan.echo[0]
    text = writer.feed(data, TokenLogprob(token, data, None))
    rows = yield from rows_of(Need(0, prompt[: hidden + 1]))
    read, scores = hidden + 1, list(rows.scores)
    for token, data in plan.echo[1:]:
        if not scores:
            part = prompt[read : read + _ECHOED]
            rows = yield from rows_of(Need(read, part, len(part)))
            read, scores = read + len(part), list(rows.scores)
        text += writer.feed(data, _entry(model.piece, plan, scores.pop(0), token, writer.offset))
    rows = Rows(scores[-1:]) if scores else (yield from rows_of(Need(read, prompt[read:])))
    return _Echo(text + writer.flush(), writer.logprobs()), rows


def _entry(
    piece: Callable[[int], bytes], plan: DecodePlan, scores: Scores, token: int, offset: int
) -> TokenLogprob | None:
    if plan.logprobs is None:
        return None
    return token_logprob(
        scores, token, plan.logprobs, lambda each: piece(each) or plan.names.get(each, b""), offset
    )


class _Times:
    """When the job began and when its prompt was evaluated."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.began = self.prefilled = clock()

    def so_far(self) -> Timings:
        now = self._clock()
        prompt, generate = self.prefilled - self.began, now - self.prefilled
        return Timings(0, prompt * 1000, generate * 1000, (now - self.began) * 1000)

"""One answer of an upstream: what its events bring becomes deltas, and is held to what was asked for."""

from __future__ import annotations

import codecs
import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ...decode.stops import StopScanner
from ...prompt.families import END_TEXTS
from ...tokens import Alternative, Certainty, TokenLogprob
from ...types import Delta, FinishReason, Timings, ToolCall, Usage

UNKNOWN = -1
"""Stands for a token's id, where an upstream does not tell it."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token of an answer with its natural log-probability; an end token has no text."""

    text: bytes
    logprob: float
    top: tuple[Alternative, ...] = ()
    id: int = UNKNOWN


@dataclass(frozen=True, slots=True)
class Piece:
    """What one event brings; ``usage`` is that of the whole answer so far."""

    text: str = ""
    reasoning: str = ""
    tokens: Sequence[Token] = ()
    calls: tuple[ToolCall, ...] = ()
    ended: FinishReason | None = None
    usage: Usage | None = None
    timings: Timings | None = None
    model: str = ""


Parse = Callable[[bytes], Piece]


@dataclass(frozen=True, slots=True)
class Terms:
    """What is seen to here, whether or not the upstream was told: an answer ends at a stop string, with
    ``one_line`` after its first line with text, ahead of the token with which its probability falls below
    ``floor``, and with its line once it has taken ``milliseconds``. A ``silent`` one has no text at all.
    ``certain`` and ``logprobs`` are what is told of its tokens; ``ahead`` comes ahead of its text."""

    stops: tuple[str, ...] = ()
    one_line: bool = False
    floor: float = 0.0
    milliseconds: float | None = None
    silent: bool = False
    certain: bool = False
    logprobs: int | None = None
    ahead: str = ""


class AnswerReader:
    """Makes deltas of events, which ``parse`` reads. ``enough``: what is still to come is of no use."""

    def __init__(self, parse: Parse, terms: Terms, clock: Callable[[], float] = time.monotonic) -> None:
        self._parse, self._terms, self._clock = parse, terms, clock
        self._scanner = StopScanner(terms.stops, terms.one_line)
        self._tokens = _Tokens(terms)
        self._began: float | None = None
        self._ahead = terms.ahead
        self._ended: FinishReason | None = None
        self._told = Piece()
        self._made = self._received = 0
        self.enough = False

    def feed(self, data: bytes) -> Iterable[Delta]:
        piece = self._parse(data)
        if self._ended is not None and (piece.text or piece.reasoning or piece.calls):
            raise ValueError("its answer does not end")
        self._note(piece)
        text = "" if self._terms.silent else self._shown(piece)
        reasoning = "" if self._terms.silent else piece.reasoning
        logprobs, certainties = self._tokens.told(self._received)
        if text or reasoning or piece.calls or logprobs or certainties:
            yield Delta(
                text, usage=self._usage, logprobs=logprobs, tool_calls=piece.calls,
                certainties=certainties, reasoning=reasoning,
            )  # fmt: skip

    def end(self) -> Iterable[Delta]:
        if self._ended is None:
            raise ValueError("its answer has no end")
        reason: FinishReason = "length" if self._terms.silent else self._ended
        text = "" if self._terms.silent else self._ahead + self._scanner.flush()
        yield Delta(text, reason, self._usage, self._told.timings or Timings(), model=self._told.model)

    def _note(self, piece: Piece) -> None:
        """What is told of the answer as a whole."""
        told = self._told
        self._told = Piece(
            usage=piece.usage or told.usage,
            timings=piece.timings or told.timings,
            model=piece.model or told.model,
        )
        self._made += len(piece.tokens) or bool(piece.text or piece.reasoning)
        self._ended = piece.ended or self._ended

    @property
    def _usage(self) -> Usage:
        """As told, else counted: an event has a token at least."""
        told = self._told.usage
        if told is None:
            return Usage(completion_tokens=self._made)
        return told if told.completion_tokens else Usage(told.prompt_tokens, self._made, told.cached_tokens)

    def _shown(self, piece: Piece) -> str:
        cut = self._tokens.take(piece.tokens)
        text = piece.text if cut is None else piece.text[: max(0, cut - self._received)]
        self._received += len(piece.text)
        line = self._late_line(text)
        shown = self._scanner.feed(text if line is None else text[:line])
        if cut is not None or line is not None:
            shown += self._scanner.flush()
        if cut is not None or line is not None or self._scanner.stopped:
            self._ended, self.enough = "stop", True
        ahead, self._ahead = self._ahead, ""
        return ahead + shown

    def _late_line(self, text: str) -> int | None:
        """Where the line ends, once the time for the answer is over."""
        if self._terms.milliseconds is None:
            return None
        now = self._clock()
        self._began = now if self._began is None else self._began
        late = (now - self._began) * 1000 >= self._terms.milliseconds
        end = text.find("\n") if late else -1
        return end if end >= 0 else None


class _Tokens:
    """What is told of an answer's tokens."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._floor = math.log(terms.floor) if terms.floor > 0 else -math.inf
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._spelled, self._likely = 0, 0.0
        self._certainties: list[Certainty] = []
        self._logprobs: list[TokenLogprob] = []

    def take(self, tokens: Iterable[Token]) -> int | None:
        """Where the answer ends ahead of a token that is too unlikely, in characters of its text."""
        for token in tokens:
            offset, text = self._spelled, _without_ends(token.text)
            if self._terms.certain:
                probability = math.exp(min(0.0, token.logprob))
                self._certainties.append(Certainty(text, offset, probability, probability))
            if self._terms.logprobs is not None and text:
                top = token.top[: self._terms.logprobs]
                self._logprobs.append(TokenLogprob(token.id, text, token.logprob, top, offset))
            self._spelled += len(self._decoder.decode(text))
            self._likely += token.logprob
            if self._likely < self._floor:
                return offset
        return None

    def told(self, received: int) -> tuple[tuple[TokenLogprob, ...], tuple[Certainty, ...]]:
        """What is new of the tokens; log-probabilities are those of the text that is there."""
        certainties, self._certainties = tuple(self._certainties), []
        there = [each for each in self._logprobs if each.offset < received]
        self._logprobs = self._logprobs[len(there) :]
        return tuple(there), certainties


def _without_ends(text: bytes) -> bytes:
    return b"" if text.decode("utf-8", "replace") in END_TEXTS else text

"""From the bytes of tokens to text that may be shown, with each token's place in it."""

from __future__ import annotations

import codecs
from collections import deque
from collections.abc import Sequence
from typing import Generic, TypeVar

from ..tokens import Certainty, TokenLogprob
from .stops import StopScanner

E = TypeVar("E", TokenLogprob, Certainty)


class TextWriter:
    """Whole characters only, stop strings held back.

    What is told of tokens waits until the text that they begin in is shown; of those that begin in a stop
    string, or behind it, nothing is told. ``before`` is the length of the text that was shown ahead of
    this one. With ``one_line`` the text ends with its first line that is not blank.
    """

    def __init__(self, stops: Sequence[str], before: int = 0, one_line: bool = False) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._scanner = StopScanner(stops, one_line)
        self._decoded = self._shown = before
        self._ended = False
        self._logprobs, self._certainties = _Waiting[TokenLogprob](), _Waiting[Certainty]()

    @property
    def stopped(self) -> bool:
        """A stop string was found."""
        return self._scanner.stopped

    @property
    def offset(self) -> int:
        """Where the next token begins, in characters; that of the character that is not whole yet."""
        return self._decoded

    def feed(
        self, data: bytes, logprob: TokenLogprob | None = None, certainty: Certainty | None = None
    ) -> str:
        """One more token; returns what may be shown now."""
        self._logprobs.add(logprob)
        self._certainties.add(certainty)
        return self._show(self._decode(data))

    def ended_by(self, certainty: Certainty | None) -> None:
        """The text ends ahead of this token."""
        self._certainties.add(certainty)

    def cut(self) -> None:
        """The text ends here: a character that is not whole is dropped, with what is told of its tokens."""
        self._decoder.reset()
        self._logprobs.drop(self._decoded)
        self._certainties.drop(self._decoded)

    def flush(self) -> str:
        """What was held back, when no more tokens come."""
        if self.stopped:
            return ""
        self._ended = True
        return self._show(self._decode(b"", final=True)) + self._count(self._scanner.flush())

    def logprobs(self) -> tuple[TokenLogprob, ...]:
        """Those of the tokens that begin in what was shown and were not taken before; at the end those of
        tokens without a text of their own, too."""
        return self._logprobs.take(None if self._ended else self._shown)

    def certainties(self) -> tuple[Certainty, ...]:
        """As :meth:`logprobs`; at the end also that of the token that the text ends ahead of."""
        ready = self._certainties.take(None if self._ended else self._shown)
        return ready + self._certainties.take(None)[:1] if self.stopped else ready

    def _decode(self, data: bytes, final: bool = False) -> str:
        text = self._decoder.decode(data, final)
        self._decoded += len(text)
        return text

    def _show(self, text: str) -> str:
        return self._count(self._scanner.feed(text))

    def _count(self, text: str) -> str:
        self._shown += len(text)
        return text


class _Waiting(Generic[E]):
    """What is told of tokens whose text was not shown yet, in their order."""

    def __init__(self) -> None:
        self._entries: deque[E] = deque()

    def add(self, entry: E | None) -> None:
        if entry is not None:
            self._entries.append(entry)

    def take(self, end: int | None) -> tuple[E, ...]:
        """Those of tokens that begin ahead of ``end``; None: all."""
        ready = list[E]()
        while self._entries and (end is None or self._entries[0].offset < end):
            ready.append(self._entries.popleft())
        return tuple(ready)

    def drop(self, start: int) -> None:
        """Forget those of tokens that begin at ``start`` or behind it."""
        while self._entries and self._entries[-1].offset >= start:
            self._entries.pop()

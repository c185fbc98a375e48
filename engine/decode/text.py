"""From the bytes of tokens to text that may be shown, with each token's place in it."""

from __future__ import annotations

import codecs
from collections import deque
from collections.abc import Sequence

from ..types import TokenLogprob
from .stops import StopScanner


class TextWriter:
    """Whole characters only, stop strings held back.

    Log-probabilities wait until the text that their token begins in is shown; those of tokens that
    begin in a stop string, or behind it, are never given out. ``before`` is the length of the text that
    was shown ahead of this one.
    """

    def __init__(self, stops: Sequence[str], before: int = 0) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._scanner = StopScanner(stops)
        self._decoded = self._shown = before
        self._waiting: deque[TokenLogprob] = deque()

    @property
    def stopped(self) -> bool:
        """A stop string was found."""
        return self._scanner.stopped

    @property
    def offset(self) -> int:
        """Where the next token begins, in characters; that of the character that is not whole yet."""
        return self._decoded

    def feed(self, data: bytes, logprob: TokenLogprob | None = None) -> str:
        """One more token; returns what may be shown now."""
        if logprob is not None:
            self._waiting.append(logprob)
        return self._show(self._decode(data))

    def flush(self) -> str:
        """What was held back, when no more tokens come."""
        if self.stopped:
            return ""
        return self._show(self._decode(b"", final=True)) + self._count(self._scanner.flush())

    def logprobs(self) -> tuple[TokenLogprob, ...]:
        """Those of the tokens that begin in what was shown and were not taken before."""
        ready = []
        while self._waiting and self._waiting[0].offset < self._shown:
            ready.append(self._waiting.popleft())
        return tuple(ready)

    def last_logprobs(self) -> tuple[TokenLogprob, ...]:
        """As :meth:`logprobs`, at the end: tokens without a text of their own belong to it, too."""
        ready = self.logprobs()
        if self.stopped:
            return ready
        ready += tuple(self._waiting)
        self._waiting.clear()
        return ready

    def _decode(self, data: bytes, final: bool = False) -> str:
        text = self._decoder.decode(data, final)
        self._decoded += len(text)
        return text

    def _show(self, text: str) -> str:
        return self._count(self._scanner.feed(text))

    def _count(self, text: str) -> str:
        self._shown += len(text)
        return text

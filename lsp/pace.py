"""When the model is asked while somebody types: at once, or after a moment that the next key ends.

What is asked for in the middle of a burst of keys is out of date before it can be read. So a key that came
much sooner than this person's usual one waits a little, and so does one whose answer would come after the
next key. What begins something new (a word, a line, an argument, a member) is asked for at once. Pure logic:
times are seconds of the clock that is given, and nothing waits here.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

Debounce = Literal["auto", "off"] | int
"""Milliseconds, or how they are chosen."""
Word = tuple[str, int]
"""A document, and how many of its characters stand before the word."""

FIRST_SECONDS, LEAST_SECONDS, LONGEST_SECONDS = 0.15, 0.03, 0.5
"""The usual time between two keys: before any was seen, and its bounds. A longer one was spent in thought."""
KEYS_FOR_RHYTHM = 5
"""With fewer keys there is nothing to compare with."""
WEIGHT = 0.1
"""How much of a new measurement goes into an average."""
BURST, WAIT = 0.6, 0.3
"""Keys that come within this part of the usual time are a burst, and for so much of it their requests wait.
Waiting longer costs more of the keys that are saved than it spares runs of the model."""


class Pace:
    """The rhythm of one person's keys, and how fast the model keeps up with it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.usual = FIRST_SECONDS
        """How long this person mostly takes from one key to the next."""
        self.answer = 0.0
        """How long the model's last answers took."""
        self._keys = 0
        self._last: float | None = None
        self._gap: float | None = None
        self._doubtful: Word | None = None

    def key(self) -> None:
        """One key was typed just now."""
        now, last = self.clock(), self._last
        self._last, self._gap = now, None if last is None else max(0.0, now - last)
        if self._gap is not None and self._gap <= LONGEST_SECONDS:
            self._keys += 1
            share = max(WEIGHT, 1 / self._keys)
            usual = self.usual ** (1 - share) * max(LEAST_SECONDS, self._gap) ** share
            self.usual = min(LONGEST_SECONDS, max(LEAST_SECONDS, usual))

    def edited(self) -> None:
        """Text came in another way: pasted, or a suggestion was taken."""
        self._last = self._gap = None

    def answered(self, seconds: float) -> None:
        """The model took so long for an answer."""
        self.answer += (seconds - self.answer) * (WEIGHT if self.answer else 1)

    def doubt(self, word: Word) -> None:
        """What was suggested in this word was nothing, or the user typed something else."""
        self._doubtful = word

    def delay(self, word: Word, new: bool, debounce: Debounce = "auto", saving: bool = False) -> float:
        """For how many seconds a request waits for the next key.

        ``word`` is the one at the cursor; with ``new`` there is none, something else begins there. With
        ``saving`` the model's work counts for more: the machine runs on its battery.
        """
        if debounce != "auto":
            return 0.0 if debounce == "off" else debounce / 1000
        if new or self._gap is None or self._keys < KEYS_FOR_RHYTHM:
            return 0.0
        wait = self.usual * WAIT
        if saving or self._gap < self.usual * BURST or self.answer > self.usual:
            return wait
        return min(self.answer, wait) if word == self._doubtful else 0.0

"""What is noted while a passage is typed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from .parses import Sound
from .rules import Verdict

LENGTHS = ("1–9", "10–29", "30 and more", "several lines")


@dataclass(frozen=True, slots=True)
class Key:
    """A key and what it wrote: one character, or a text that was taken.

    ``kind`` is that of the place where it was pressed, ``read`` that of the place behind it, where the next
    text may be shown, ``milliseconds`` the time until that was known.
    """

    kind: str
    read: str
    written: int
    indentation: bool
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Shown:
    """A new text. ``agrees``: so many characters are what comes next. ``parses``: the document with it has
    no more errors than without, as it stands or with the line's open brackets closed."""

    kind: str
    characters: int
    agrees: int
    lines: int
    verdict: Verdict
    parses: Sound

    @property
    def length(self) -> str:
        if self.lines > 1:
            return LENGTHS[3]
        return LENGTHS[0] if self.characters < 10 else LENGTHS[1] if self.characters < 30 else LENGTHS[2]


@dataclass(slots=True)
class Work:
    """What the model did: tokens of prompts that were evaluated, tokens made, and how often it ran."""

    read: int = 0
    made: int = 0
    runs: int = 0

    def __add__(self, other: Work) -> Work:
        return Work(self.read + other.read, self.made + other.made, self.runs + other.runs)


@dataclass
class Log:
    """All that one variant did in one language: ``characters`` by kind, those that an editor indents with,
    and how often what is grey changed while somebody typed for so many ``seconds``. ``passages`` has
    characters and keys of each passage."""

    language: str = ""
    keys: list[Key] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    characters: Counter[str] = field(default_factory=Counter)
    indentation: int = 0
    passages: list[tuple[int, int]] = field(default_factory=list)
    changes: int = 0
    seconds: float = 0.0
    work: Work = field(default_factory=Work)

    def __add__(self, other: Log) -> Log:
        return Log(
            self.language if self.language == other.language else "",
            self.keys + other.keys,
            self.shown + other.shown,
            self.characters + other.characters,
            self.indentation + other.indentation,
            self.passages + other.passages,
            self.changes + other.changes,
            self.seconds + other.seconds,
            self.work + other.work,
        )

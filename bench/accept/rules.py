"""When the typist takes what is shown, and what is wrong: the rules of the measure.

A text is *right* when all of it agrees with what is still to be typed, *partly right* when its first line,
or its first words, agree, at least four characters of them, and else *wrong*. What goes on behind the end
of the passage repeats what stands there already, and so is not right.

What is right is taken when it has at least four characters: all of it, else its first line, else its first
word. Each costs one key: three words are three keys. Words and lines are those of the editors' keys.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

LEAST = 4
"""Characters that are worth a key."""
_WORD = re.compile(r"\s*\w+|\s*[^\w\s]+")
_LINE = re.compile(r"\n?[^\n]*")


class Verdict(StrEnum):
    RIGHT = "right"
    PARTLY = "partly right"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Judged:
    """A text's verdict, and how many of its characters are taken with the next key; 0 for none."""

    verdict: Verdict
    taken: int


def judge(text: str, ahead: str) -> Judged:
    """Judge a text, which is not empty, by what is still to be typed."""
    if ahead.startswith(text):
        return Judged(Verdict.RIGHT, len(text) if len(text) >= LEAST else 0)
    line = _matched(_LINE, text)
    if len(line) >= LEAST and ahead.startswith(line):
        return Judged(Verdict.PARTLY, len(line))
    if len(words := right_words(text, ahead)) and sum(map(len, words)) >= LEAST:
        return Judged(Verdict.PARTLY, len(words[0]))
    return Judged(Verdict.WRONG, 0)


def right_words(text: str, ahead: str) -> list[str]:
    """The words that a text begins with and that agree, with the blanks ahead of them."""
    words, at = [], 0
    while (word := _matched(_WORD, text[at:])) and ahead.startswith(word, at):
        words.append(word)
        at += len(word)
    return words


def _matched(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.match(text)
    return found[0] if found else ""

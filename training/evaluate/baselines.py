"""What a model must beat: a copy of what stood behind the same words elsewhere in the file.

Words and punctuation marks are counted in n-grams of the whole file but the hole; the longest context
that was seen decides the next word, as in prediction by partial matching (Cleary and Witten 1984).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict

from .metrics import Filled
from .tasks import Task

LONGEST, MATCH = 6, 3
"""Words of context at most; and from how many on the file is said to have a match."""
_WORDS = re.compile(r"\w+|[^\w\s]|\n[ \t]*|[ \t]+")
MAX_WORDS = 40


def nothing(task: Task) -> Filled:
    return Filled(task, "")


def copy_model(task: Task) -> Filled:
    """Fill a hole up to the line's end, or as many lines as the hole has."""
    counts = _count(_WORDS.findall(task.prefix), _WORDS.findall(task.suffix))
    words = _WORDS.findall(task.prefix)
    lines = task.middle.count("\n") if task.mode != "auto" else 0
    made: list[str] = []
    matched = False
    for _ in range(MAX_WORDS):
        found = _next(counts, words)
        if found is None:
            break
        word, length = found
        matched = matched or (not made and length >= MATCH)
        if word.startswith("\n"):
            lines -= 1
            if lines < 0:
                break
        made.append(word)
        words.append(word)
    return Filled(task, "".join(made), matched=matched)


def _count(*texts: list[str]) -> dict[tuple[str, ...], Counter[str]]:
    counts: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for words in texts:
        for at in range(len(words)):
            for length in range(1, min(LONGEST, at) + 1):
                counts[tuple(words[at - length : at])][words[at]] += 1
    return counts


def _next(counts: dict[tuple[str, ...], Counter[str]], words: list[str]) -> tuple[str, int] | None:
    """The word seen most often behind the longest known context, and that context's length."""
    for length in range(min(LONGEST, len(words)), 0, -1):
        seen = counts.get(tuple(words[-length:]))
        if seen:
            return max(seen.items(), key=lambda item: (item[1], item[0]))[0], length
    return None

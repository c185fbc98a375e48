"""The names in a text, as far as they tell one text from another."""

from __future__ import annotations

import re

_NAME = re.compile(r"[^\W\d]\w{2,}")
ABOVE, BELOW = 12, 4
"""Lines around the cursor whose names count as used there."""


def words(text: str) -> frozenset[str]:
    """All names of three letters and more."""
    return frozenset(_NAME.findall(text))


def names_near(prefix: str, suffix: str) -> list[str]:
    """Names in the lines around the cursor, each once, the nearest ahead of it first. What stands directly at
    the cursor is left out: it may still be typed."""
    above = re.sub(r"\w+$", "", _last_lines(prefix, ABOVE))
    below = "\n".join(suffix.split("\n", BELOW + 1)[: BELOW + 1])
    return list(dict.fromkeys([*reversed(_NAME.findall(above)), *_NAME.findall(below)]))


def _last_lines(text: str, count: int) -> str:
    at = len(text)
    for _ in range(count + 1):
        at = text.rfind("\n", 0, at)
        if at < 0:
            return text
    return text[at + 1 :]

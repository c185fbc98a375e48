"""Keeps other people's text from becoming control tokens, whatever a template does with it.

The characters with which control tokens begin and end are exchanged for noncharacters while a template
is rendered, and put back in the texts between the control tokens that are found afterwards. So a token
whose first or last character was not written by the template itself is never found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..errors import InvalidRequest

NONCHARACTERS = [chr(code) for code in range(0xFDD0, 0xFDF0)]
"""Unicode keeps them free for a program's own use; only those that no text has are used."""


class Theirs(str):
    """Text that other people or programs wrote."""

    __slots__ = ()


def theirs(value: Any) -> Any:
    """Marks every text in a JSON value, keys included."""
    if isinstance(value, str):
        return Theirs(value)
    if isinstance(value, list):
        return [theirs(item) for item in value]
    if isinstance(value, dict):
        return {Theirs(key): theirs(item) for key, item in value.items()}
    return value


class Shield:
    """Covers what is :class:`Theirs` in one JSON value, to be passed to a template."""

    def __init__(self, controls: Iterable[str], value: Any) -> None:
        self._controls, self._value = list(controls), value
        edges = sorted({text[at] for text in self._controls for at in (0, -1)})
        everything = "".join(_marked(value))
        free = [character for character in NONCHARACTERS if character not in everything]
        if len(free) <= len(edges):
            raise InvalidRequest(
                "The messages are full of noncharacters (U+FDD0 to U+FDEF). Remove them.", "messages"
            )
        pairs = list(zip(edges, free, strict=False))
        self._cover = {ord(edge): cover for edge, cover in pairs}
        self._wedge = free[len(edges)]
        self._lift = {ord(cover): edge for edge, cover in pairs} | {ord(self._wedge): ""}

    def covered(self) -> Any:
        """The value for the template."""
        return self._covered(self._value)

    def lift(self, text: str) -> str:
        """A text that the template made, with everything as it was."""
        return text.translate(self._lift)

    def _covered(self, value: Any) -> Any:
        if isinstance(value, Theirs):
            return self._text(value)
        if isinstance(value, list):
            return [self._covered(item) for item in value]
        if isinstance(value, dict):
            return {self._covered(key): self._covered(item) for key, item in value.items()}
        return value

    def _text(self, text: str) -> str:
        """A text that a template might put between a token's first and last character gets a wedge."""
        inside = text.strip()
        fits = inside and any(inside in control for control in self._controls)
        return (self._wedge if fits else "") + text.translate(self._cover)


def _marked(value: Any) -> Iterator[str]:
    if isinstance(value, Theirs):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _marked(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _marked(key)
            yield from _marked(item)


def split_controls(text: str, controls: Mapping[str, int]) -> list[str | int]:
    """Texts and the control tokens between them, as ids; of several that fit the longest is taken."""
    if not controls:
        return [text] if text else []
    longest_first = sorted(controls, key=len, reverse=True)
    parts = re.split("(" + "|".join(map(re.escape, longest_first)) + ")", text)
    return [controls[part] if at % 2 else part for at, part in enumerate(parts) if part]

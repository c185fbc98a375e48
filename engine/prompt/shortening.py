"""Texts without their middle, so that they have at most so many tokens.

Each text is tokenised once; where to cut it is worked out from its tokens' lengths.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import accumulate

from ..types import Message

LEFT_OUT = "\n[...]\n"


class TextSizes:
    """The tokens of texts, worked out once for each; ``lengths`` gives the characters of each token, and no
    token has more than ``longest``."""

    def __init__(self, lengths: Callable[[str], Sequence[int]], longest: int) -> None:
        self._lengths, self.longest = lengths, longest
        self._known: dict[str, int] = {}

    def of(self, messages: Sequence[Message]) -> int:
        """The tokens of all texts in messages."""
        return sum(self.of_text(text) for message in messages for text in _texts(message))

    def of_text(self, text: str) -> int:
        found = self._known.get(text)
        if found is None:
            found = self._known[text] = len(self._lengths(text))
        return found

    def least(self, messages: Sequence[Message]) -> int:
        """Not more than :meth:`of`, without tokenising anything."""
        return -(-self.characters(messages) // self.longest)

    def characters(self, messages: Sequence[Message]) -> int:
        return sum(len(text) for message in messages for text in _texts(message))

    def ends(self, text: str) -> list[int]:
        """Where each token of a text ends, in characters."""
        return list(accumulate(self._lengths(text)))


def _texts(message: Message) -> list[str]:
    calls = [text for call in message.tool_calls for text in (call.name, call.arguments)]
    return [text for text in (message.content, *calls) if text]


def without_middle(
    messages: tuple[Message, ...], room: int, each: int, sizes: TextSizes
) -> tuple[Message, ...]:
    """The messages with the middle of texts left out, of the longest one first, so that they have ``room``
    tokens if each has ``each`` beside its texts; or with empty texts, if that cannot be reached."""
    kept, room = list(messages), room - each * len(messages)
    longest_first = sorted(range(len(kept)), key=lambda at: -len(kept[at].content))
    characters, others = sizes.characters(kept), None
    for at in longest_first:
        text, kept[at] = kept[at].content, replace(kept[at], content="")
        characters -= len(text)
        if characters > room * sizes.longest:
            continue  # the others alone are too long: no need to count
        others = sizes.of(kept) if others is None else others - sizes.of_text(text)
        if others <= room:
            kept[at] = replace(kept[at], content=_shorter(text, room - others, sizes))
            break
    return tuple(kept)


def _shorter(text: str, most: int, sizes: TextSizes) -> str:
    """The text, or as much of its two ends as has ``most`` tokens with the mark between them."""
    text = _no_longer(text, max(0, most) * sizes.longest)
    ends = sizes.ends(text)
    if len(ends) <= most:
        return text
    most -= sizes.of_text(LEFT_OUT)

    def fits(characters: int) -> bool:
        left, right = (characters + 1) // 2, characters // 2
        first = bisect_right(ends, left)
        first += first == 0 or ends[first - 1] < left
        last = len(ends) - bisect_right(ends, len(text) - right) if right else 0
        return first + last <= most

    kept = bisect_left(range(1, len(text)), True, key=lambda characters: not fits(characters))
    return text[: (kept + 1) // 2] + LEFT_OUT + text[len(text) - kept // 2 :] if kept else ""


def _no_longer(text: str, most: int) -> str:
    """A long text without what lies farther inside than ``most`` characters at both of its ends."""
    return text if len(text) <= 2 * most + 2 else text[: most + 1] + text[len(text) - most - 1 :]

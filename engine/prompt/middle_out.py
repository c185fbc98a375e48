"""Makes a conversation fit by taking away from its middle, where models miss it least.

"Lost in the Middle", Liu et al. 2023: models use what stands at the beginning and at the end of a long
context, and overlook much of the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ..types import Message

Count = Callable[[Sequence[Message]], int]
_LEFT_OUT = "\n[...]\n"


def middle_out(messages: Sequence[Message], budget: int, count: Count) -> tuple[Message, ...]:
    """The messages, or fewer, that ``count`` at most ``budget`` tokens together.

    Whole turns go first (what a user says and all that answers it), from the middle outwards; the
    instructions at the start and the last turn stay. If that is not enough the longest text that is left
    loses its middle. What cannot be made to fit by either comes back as short as it gets.
    """
    messages = tuple(messages)
    if count(messages) <= budget:
        return messages
    start, turns = _turns(messages)
    kept = tuple(turns)

    def without(dropped: int) -> tuple[Message, ...]:
        return start + tuple(message for turn in _drop(kept, dropped) for message in turn)

    dropped = _least(len(turns) - 1, lambda number: count(without(number)) <= budget)
    fewer = without(dropped)
    return fewer if count(fewer) <= budget else _shorten(fewer, budget, count)


def _turns(messages: tuple[Message, ...]) -> tuple[tuple[Message, ...], list[tuple[Message, ...]]]:
    """The instructions at the start, and the turns; each begins with a user's message."""
    start = 0
    while start < len(messages) - 1 and messages[start].role in ("system", "developer"):
        start += 1
    turns: list[list[Message]] = [[]]
    for message in messages[start:]:
        if message.role == "user" and turns[-1]:
            turns.append([])
        turns[-1].append(message)
    return messages[:start], [tuple(turn) for turn in turns]


def _drop(turns: tuple[tuple[Message, ...], ...], number: int) -> tuple[tuple[Message, ...], ...]:
    """Without ``number`` turns around the middle of all but the last."""
    left = (len(turns) - 1 - number + 1) // 2
    return turns[:left] + turns[left + number :]


def _least(most: int, enough: Callable[[int], bool]) -> int:
    """The smallest number from 0 to ``most`` that is enough, or ``most``; more is never less enough."""
    low, high = 0, most
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return low


def _shorten(messages: tuple[Message, ...], budget: int, count: Count) -> tuple[Message, ...]:
    """With the middle of texts left out, of the longest one first."""
    for _ in messages:
        longest = max(range(len(messages)), key=lambda at: len(messages[at].content))
        messages = _cut(messages, longest, budget, count)
        if count(messages) <= budget:
            break
    return messages


def _cut(messages: tuple[Message, ...], at: int, budget: int, count: Count) -> tuple[Message, ...]:
    """With as much left out of one text as is needed, or all of it."""
    text = messages[at].content

    def shorter(taken: int) -> tuple[Message, ...]:
        cut = replace(messages[at], content=_without_middle(text, taken))
        return (*messages[:at], cut, *messages[at + 1 :])

    return shorter(_least(len(text), lambda taken: count(shorter(taken)) <= budget))


def _without_middle(text: str, taken: int) -> str:
    """The text with ``taken`` characters of its middle left out."""
    if taken <= 0:
        return text
    left = (len(text) - taken + 1) // 2
    return text[:left] + _LEFT_OUT + text[left + taken :] if taken < len(text) else ""

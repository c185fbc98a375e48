"""Makes a conversation fit by taking away from its middle, where models miss it least.

"Lost in the Middle", Liu et al. 2023: models use what stands at the beginning and at the end of a long
context, and overlook much of the rest.

Texts are tokenised once and from the outside inwards, only until the budget is used up: what a
conversation costs depends on the model's context and not on how much was sent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..types import Message
from .shortening import TextSizes, without_middle

Conversation = tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Measure:
    """How large things are for one model; both functions may raise to end the work.

    ``whole`` counts the tokens of a conversation as the model reads it. ``lengths`` gives the characters
    of each token of a text, and ``longest`` those of the longest token there is.
    """

    whole: Callable[[Sequence[Message]], int]
    lengths: Callable[[str], Sequence[int]]
    longest: int


def middle_out(messages: Sequence[Message], budget: int, measure: Measure) -> Conversation:
    """The messages, or fewer, that have at most ``budget`` tokens together.

    Whole turns go first (what a user says and all that answers it), from the middle outwards; the
    instructions at the start and the last turn stay. If that is not enough the longest text that is left
    loses its middle. What cannot be made to fit by either comes back as short as it gets.
    """
    whole, sizes = tuple(messages), TextSizes(measure.lengths, measure.longest)
    if sizes.least(whole) <= budget and measure.whole(whole) <= budget:
        return whole
    fewer = _fit(lambda room, each: _without_turns(whole, room, each, sizes), budget, measure, sizes)
    if sizes.least(fewer) <= budget and measure.whole(fewer) <= budget:
        return fewer
    return _fit(lambda room, each: without_middle(fewer, room, each, sizes), budget, measure, sizes)


def _fit(
    choose: Callable[[int, int], Conversation], budget: int, measure: Measure, sizes: TextSizes
) -> Conversation:
    """What ``choose`` keeps when told how many tokens there are, and how many a message has beside its
    texts. The model's format decides about the second, so it is learnt from what was chosen first."""
    room, each, smallest = budget, 1, choose(0, 1)
    while (chosen := choose(room, each)) != smallest:
        total = measure.whole(chosen)
        if total <= budget:
            break
        beside = -(-(total - sizes.of(chosen)) // len(chosen))
        if beside > each:
            each = beside
        else:
            room -= max(total - budget, room // 8)
    return chosen


def _without_turns(messages: Conversation, room: int, each: int, sizes: TextSizes) -> Conversation:
    """The start, the last turn, and as many of the others as fit, taken from both ends in turn."""
    start, turns = _turns(messages)
    left, right = 0, len(turns) - 1
    ends = start + turns[-1]
    if sizes.least(ends) > room:
        return ends
    room -= sizes.of(ends) + each * len(ends)
    while left < right:
        first = left + right == len(turns) - 1
        turn = turns[left] if first else turns[right - 1]
        if sizes.least(turn) + each * len(turn) > room:
            break
        room -= sizes.of(turn) + each * len(turn)
        if room < 0:
            break
        left, right = (left + 1, right) if first else (left, right - 1)
    kept = [*turns[:left], *turns[right:]]
    return start + tuple(message for turn in kept for message in turn)


def _turns(messages: Conversation) -> tuple[Conversation, list[Conversation]]:
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

"""What each cut of a text is worth to a person who reads it, and the one to show."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from ..tokens import Certainty
from ..types import FimRequest
from .calibration import Calibration
from .cuts import cuts, in_word
from .evidence import Ledger
from .features import at_each, of_place
from .limits import CUTS, LINE_CHARACTERS, PARSES

_WORD = re.compile(r"\s*\w+|\s*[^\w\s]+")


@dataclass(frozen=True, slots=True)
class Cut:
    """A text's first ``length`` characters: how ``likely`` all of them are right, and the characters that
    showing them saves on the average (``worth``)."""

    length: int
    likely: float
    worth: float


def endings(request: FimRequest, text: str, ledger: Ledger, least: int = 1) -> list[int]:
    """Lengths at which a text may end, from ``least`` on, as far as something is known of it."""
    head = request.prefix[-LINE_CHARACTERS:].rpartition("\n")[2]
    lengths = [*islice(cuts(text, head, request.suffix), CUTS)]
    if lengths[-1:] == [len(text)] and not _is_whole(text, ledger):
        del lengths[-1]
    return [length for length in lengths if least <= length <= ledger.known]


def weighed(
    request: FimRequest, text: str, certainties: Sequence[Certainty], calibration: Calibration, least: int = 1
) -> list[Cut]:
    """All places where a text may end, the shortest first."""
    ledger = Ledger(text, certainties)
    lengths = endings(request, text, ledger, least)
    place = of_place(request)
    likely = [calibration.probability(place, found) for found in at_each(text, ledger, lengths)]
    return worths(text, lengths, likely, calibration.wrong, calibration.partly)


def worths(
    text: str, lengths: Sequence[int], likely: Sequence[float], wrong: float, partly: float
) -> list[Cut]:
    """The cuts of these lengths, which are so likely to be right.

    A text that is right is taken with one key. Where only its first words are, they are taken one by one,
    which is worth ``partly`` of what they save. A text of which nothing is right costs ``wrong`` characters.
    """
    ends = [match.end() for match in _WORD.finditer(text)]
    found, begun = list[Cut](), 0.0
    for number, (length, probability) in enumerate(zip(lengths, likely, strict=True)):
        worth = probability * (length - 1) + partly * begun - wrong * (1 - likely[0])
        found.append(Cut(length, probability, worth))
        for following in likely[number + 1 : number + 2]:
            begun += max(0.0, probability - following) * max(0, length - bisect_right(ends, length))
    return found


def best(found: Iterable[Cut], threshold: float, acceptable: Callable[[int], bool]) -> Cut | None:
    """The cut that is worth most among those that are likely enough; ``acceptable`` tells of a length
    whether the file is sound with it, and is asked a few times only."""
    likely = [each for each in found if each.likely >= threshold]
    likely.sort(key=lambda each: (each.worth, each.length), reverse=True)
    return next((each for each in likely[:PARSES] if acceptable(each.length)), None)


def _is_whole(text: str, ledger: Ledger) -> bool:
    """Whether a text does not end in the middle of a word."""
    if ledger.known < len(text) or not in_word(text[-1]):
        return ledger.known == len(text)
    following = ledger.goes_on(len(text))
    return ledger.ended if following is None else not in_word(following)

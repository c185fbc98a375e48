"""The gate: of all places where a suggestion may be cut, the one that is worth most, if one is sure enough.

A person reads every text that is shown. One that is right saves its characters but for one key; one that is
wrong costs attention.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from ..trim.checker import SyntaxChecker
from ..types import Certainty, FimRequest
from .calibration import Calibration, calibrations
from .cuts import cuts, in_word
from .evidence import Ledger
from .features import at_each, of_place
from .limits import CUTS, PARSES


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is shown, and how likely it is to be taken; None where nothing is known of its tokens."""

    text: str
    confidence: float | None


@dataclass(frozen=True, slots=True)
class _Cut:
    length: int
    probability: float
    gain: float


class Gate:
    """Judges the answers to one request. ``calibration`` is the model's."""

    def __init__(self, request: FimRequest, calibration: Calibration) -> None:
        self._request, self._calibration = request, calibration
        eagerness = None if request.invoked else request.eagerness
        wanted = [] if request.min_confidence is None else [request.min_confidence]
        if eagerness is not None:
            wanted.append(calibration.threshold(eagerness, request.taken))
        self._threshold = max(wanted, default=None)
        self._least = 1 if eagerness is None else calibrations().least_characters

    @property
    def holds(self) -> bool:
        """Whether it may cut: a text is shown when it is whole then, and else as it comes."""
        return self._threshold is not None

    @property
    def floor(self) -> float:
        """The product of token probabilities at which the model may stop: nothing more would be shown."""
        return 0.0 if self._threshold is None else self._calibration.floor(self._threshold)

    def judge(self, text: str, certainties: Sequence[Certainty]) -> Verdict:
        """What of ``text`` is shown. It was made of the tokens of ``certainties``; without any it is shown as
        it is."""
        if not certainties:
            return Verdict(text, None)
        if not text:
            return Verdict(text, 0.0)
        ledger = Ledger(text, certainties)
        if self._threshold is None:
            return Verdict(text, self._confidence(text, ledger))
        lengths = [*islice(cuts(text, self._request.suffix), CUTS)]
        if _is_whole(text, ledger):
            lengths.append(len(text))
        lengths = [length for length in lengths if self._least <= length <= ledger.known]
        best = self._best(text, self._rated(text, ledger, lengths))
        return Verdict(text[: best.length], best.probability) if best else Verdict("", 0.0)

    def _confidence(self, text: str, ledger: Ledger) -> float:
        """How likely the whole text is to be taken; 0 where it is not what the tokens spell."""
        if ledger.known < len(text):
            return 0.0
        return next(iter(self._rated(text, ledger, [len(text)]))).probability

    def _rated(self, text: str, ledger: Ledger, lengths: list[int]) -> Iterable[_Cut]:
        calibration, place = self._calibration, of_place(self._request)
        for length, features in zip(lengths, at_each(text, ledger, lengths), strict=True):
            probability = calibration.probability(place, features)
            gain = probability * (length - 1) - (1 - probability) * calibration.wrong
            yield _Cut(length, probability, gain)

    def _best(self, text: str, rated: Iterable[_Cut]) -> _Cut | None:
        """The one that is worth most among those that are sure enough and leave the file sound."""
        sure = [each for each in rated if self._threshold is None or each.probability >= self._threshold]
        sure.sort(key=lambda each: (each.gain, each.length), reverse=True)
        checker = SyntaxChecker(self._request)
        for each in sure[:PARSES]:
            if checker.acceptable(text[: each.length]):
                return each
        return None


def _is_whole(text: str, ledger: Ledger) -> bool:
    """Whether a text does not end in the middle of a word."""
    if ledger.known < len(text) or not in_word(text[-1]):
        return ledger.known == len(text)
    following = ledger.goes_on(len(text))
    return ledger.ended if following is None else not in_word(following)

"""The gate: of all places where a suggestion may be cut, the one that is worth most, if one is sure enough.

A person reads every text that is shown. One that is right saves its characters but for one key; one that is
wrong costs attention.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..tokens import Certainty
from ..trim.checker import SyntaxChecker
from ..types import FimRequest
from .calibration import Calibration, calibrations
from .evidence import Ledger
from .features import of_place, of_text
from .weighing import Cut, best, weighed


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is shown, and how likely it is to be taken; None where nothing is known of its tokens."""

    text: str
    confidence: float | None


class Gate:
    """Judges the answers to one request. ``calibration`` is the model's."""

    def __init__(
        self, request: FimRequest, calibration: Calibration, checker: SyntaxChecker | None = None
    ) -> None:
        self._request, self._calibration = request, calibration
        self._checker = checker or SyntaxChecker(request)
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

    @property
    def threshold(self) -> float | None:
        """How likely a text must be to be shown; None: all of it is."""
        return self._threshold

    def cuts(self, text: str, certainties: Sequence[Certainty]) -> list[Cut]:
        """All places where ``text`` may end, the shortest first."""
        return weighed(self._request, text, certainties, self._calibration, self._least)

    def judge(self, text: str, certainties: Sequence[Certainty]) -> Verdict:
        """What of ``text`` is shown. It was made of the tokens of ``certainties``; without any it is shown as
        it is."""
        if not certainties:
            return Verdict(text, None)
        if not text:
            return Verdict(text, 0.0)
        if self._threshold is None:
            return Verdict(text, self._confidence(text, certainties))
        found = self.cuts(text, certainties)
        chosen = best(found, self._threshold, lambda length: self._checker.acceptable(text[:length]))
        return Verdict(text[: chosen.length], chosen.likely) if chosen else Verdict("", 0.0)

    def _confidence(self, text: str, certainties: Sequence[Certainty]) -> float:
        """How likely the whole text is to be taken; 0 where it is not what the tokens spell."""
        ledger = Ledger(text, certainties)
        if ledger.known < len(text):
            return 0.0
        found = of_text(text, ledger.up_to(len(text)), True)
        return self._calibration.probability(of_place(self._request), found)

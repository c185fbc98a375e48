"""Stop strings across token boundaries: what could be the start of one is held back."""

from __future__ import annotations

from collections.abc import Sequence


class StopScanner:
    """Feed text in pieces; what comes out never contains a stop string or a part of one at its end.

    With ``one_line``, the end of the first line that is not blank is a stop string as well.
    """

    def __init__(self, stops: Sequence[str], one_line: bool = False) -> None:
        self._stops = [stop for stop in stops if stop]
        self._one_line, self._said = one_line, False
        self._held = ""
        self.stopped = False

    def feed(self, text: str) -> str:
        """The text that may be shown now. After a stop string nothing comes out any more."""
        if self.stopped:
            return ""
        if not self._stops and not self._one_line:
            return text
        text = self._held + text
        found = [at for stop in self._stops if (at := text.find(stop)) >= 0]
        if self._one_line and (end := self._line_end(text)) >= 0:
            found.append(end)
        if found:
            self.stopped, self._held = True, ""
            return text[: min(found)]
        keep = max((overlap(text, stop) for stop in self._stops), default=0)
        self._held = text[len(text) - keep :]
        shown = text[: len(text) - keep]
        self._said = self._said or bool(shown.strip())
        return shown

    def _line_end(self, text: str) -> int:
        """Where a line that says something ends; -1 if none does yet."""
        blank = 0 if self._said else len(text) - len(text.lstrip())
        return text.find("\n", blank)

    def flush(self) -> str:
        """What was held back, when no more text comes."""
        held, self._held = self._held, ""
        return held


def overlap(text: str, stop: str) -> int:
    """The length of the longest end of ``text`` that a ``stop`` begins with (but is not all of it)."""
    longest = min(len(text), len(stop) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(stop[:n])), 0)

"""Turns a model's text, as it streams in, into a suggestion: text goes in, text to show comes out.

It reads from left to right and never takes back what it gave out, so a streamed suggestion and a whole
one are the same text. Lines are given out when the file is sound with them; what follows the last sound
place at the end is dropped.
"""

from __future__ import annotations

from ..types import FimRequest, FinishReason
from . import lines as rules
from .checker import SyntaxChecker
from .ending import cut_closers, cut_overlap


class Trimmer:
    """Feed pieces, show what comes back, stop the model when ``done``."""

    def __init__(self, request: FimRequest) -> None:
        self._request = request
        self._around = rules.Surroundings.of(request.prefix, request.suffix)
        self._checker = SyntaxChecker(request)
        self._lines: list[str] = []
        self._partial = ""
        self._shown = 0
        self.done = False

    def feed(self, text: str) -> str:
        """More of the model's text; returns what may be shown now."""
        out = ""
        checked = len(self._partial)
        self._partial += text
        while not self.done and "\n" in self._partial:
            line, _, self._partial = self._partial.partition("\n")
            if self._take(line, checked):
                out += self._show_sound_lines()
            checked = 0
        if not self.done and rules.stutter(self._partial, checked) is not None:
            self._take(self._partial, checked)
        return out

    def finish(self, reason: FinishReason) -> str:
        """The model has ended; returns the rest of the suggestion."""
        if not self.done:
            cut_off = reason == "length" and self._request.mode != "line"
            if not (cut_off and self._lines):
                self._take(self._partial, len(self._partial))
        self.done = True
        return self._show_the_end()

    def _take(self, line: str, checked: int) -> bool:
        """Apply the line rules; False when the suggestion ends ahead of this line (or with it).

        The line's first ``checked`` characters are known not to stutter.
        """
        stutter = rules.stutter(line, checked)
        if stutter is not None:
            line, self.done = line[:stutter], True
        first = not any(map(str.strip, self._lines))
        if first and rules.copies_neighbour(line, self._around):
            self._lines.clear()
            self.done = True
        elif self._lines and rules.leaves_block(line, self._around):
            if rules.closes_block(line, self._around):
                self._lines.append(line)
            self.done = True
        elif rules.continues_below(line, self._around) and (
            self._lines or not self._around.line_head.strip()
        ):
            self.done = True
        elif line or stutter is None:
            self._lines.append(line)
            self._drop_repetition()
        return not self.done

    def _drop_repetition(self) -> None:
        start = rules.repetition_start(self._lines)
        if start is not None:
            del self._lines[max(start, self._shown) :]
            self.done = True

    def _show_sound_lines(self) -> str:
        """Lines up to the newest, if the file is sound with them and they do not begin to repeat."""
        newest = self._lines[-1]
        if not newest.strip() or rules.repeated(self._lines, len(self._lines) - 1):
            return ""
        if self._ends_in_closer() or not self._checker.acceptable("\n".join(self._lines)):
            return ""
        return self._show(len(self._lines))

    def _ends_in_closer(self) -> bool:
        """The rest of the cursor's line comes after the suggestion's last line, which may repeat it."""
        return bool(self._around.line_rest.strip())

    def _show(self, count: int) -> str:
        new = [line.rstrip() for line in self._lines[self._shown : count]]
        joiner = "\n" if self._shown else ""
        self._shown = count
        return joiner + "\n".join(new) if new else ""

    def _show_the_end(self) -> str:
        while len(self._lines) > self._shown and not self._lines[-1].strip():
            self._lines.pop()
        if not any(line.strip() for line in self._lines) or len(self._lines) <= self._shown:
            return ""
        self._tidy_last_line()
        if len(self._lines) == 1 or self._checker.acceptable("\n".join(self._lines)):
            return self._show(len(self._lines)).rstrip()
        return self._show_as_far_as_sound()

    def _tidy_last_line(self) -> None:
        *before, last = self._lines
        earlier = "".join(line + "\n" for line in before)
        last = cut_overlap(last, self._around.line_rest)
        self._lines[-1] = cut_closers(earlier, last, self._around.line_rest, self._checker).rstrip()

    def _show_as_far_as_sound(self) -> str:
        """Nothing unsound is added to what was shown; of an unsound whole the first line is kept."""
        for count in range(len(self._lines) - 1, self._shown, -1):
            if self._checker.acceptable("\n".join(self._lines[:count])):
                return self._show(count).rstrip()
        if self._shown:
            return ""
        filled = next(i for i, line in enumerate(self._lines) if line.strip())
        return self._show(filled + 1).rstrip()

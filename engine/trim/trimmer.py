"""Turns a model's text, as it streams in, into a suggestion: text goes in, text to show comes out.

It reads from left to right and never takes back what it gave out, so a streamed suggestion and a whole
one are the same text. Lines are given out when the file is sound with them; what follows the last sound
place at the end is dropped.
"""

from __future__ import annotations

from ..types import FimRequest, FinishReason
from . import lines as rules
from .checker import SyntaxChecker
from .echoes import Echoes, operands_end
from .ending import cut_closers, cut_overlap
from .indents import Indents


class Trimmer:
    """Feed pieces, show what comes back, stop the model when ``done``."""

    def __init__(self, request: FimRequest, checker: SyntaxChecker | None = None) -> None:
        """``checker`` is the request's; what it has parsed need not be parsed again."""
        self._request = request
        self._around = rules.Surroundings.of(request.prefix, request.suffix)
        self._checker = checker or SyntaxChecker(request)
        self._indents, self._echoes = Indents(request), Echoes(request)
        self._lines: list[str] = []
        self._partial = ""
        self._shown = 0
        self._only_copies = True
        self._next = request.mode == "next"
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
        if not self.done and rules.loop_start(self._partial, checked=checked) is not None:
            self._take(self._partial, checked)
        return out

    def finish(self, reason: FinishReason) -> str:
        """The model has ended; returns the rest of the suggestion."""
        if not self.done:
            cut_off = reason == "length"
            if not cut_off:
                self._take(self._partial, len(self._partial))
            elif self._request.mode != "block" or not self._lines:
                self._take(self._cut_off(self._partial), len(self._partial))
        self.done = True
        return self._show_the_end()

    def _cut_off(self, line: str) -> str:
        """What is left of a line that a limit cut off, which may be in a word: one of the caller's own limits
        leaves it."""
        loop = rules.loop_start(line, rules.CUT_OFF)
        if loop is not None or self._request.max_tokens is not None:
            return line[:loop]
        return rules.whole_words(line)

    def _take(self, line: str, checked: int) -> bool:
        """Apply the line rules; False when the suggestion ends ahead of this line (or with it).

        The line's first ``checked`` characters are known to have no endless loop.
        """
        loop = rules.loop_start(line, checked=checked)
        if loop is not None:
            line, self.done = line[:loop], True
        fixed = self._indents.fix(line, self._lines)
        if fixed is None:
            self.done = True
            return False
        line = fixed
        if (end := operands_end(line)) is not None:
            line, self.done = line[:end], True
        said = any(each.strip() for each in self._lines)
        if line.strip() and not said and self._echoes.says_again(line, not self._lines):
            self.done = True
            return False
        if self._belongs(line) and (line or loop is None):
            self._only_copies &= not line.strip() or rules.copies_above(line, self._lines, self._around)
            self._lines.append(line)
            self._drop_repetition()
            self.done = self.done or (self._next and bool(line.strip()))
        return not self.done

    def _belongs(self, line: str) -> bool:
        """Whether the suggestion goes on with this line; if it closes the block, it is the last one."""
        around = self._around
        if self._lines and not self._next and rules.leaves_block(line, around) and not self._goes_on(line):
            self.done = True
            return rules.closes_block(line, around)
        below = (self._lines or not around.line_head.strip()) and rules.continues_below(line, around)
        closed = self._next and self._lines and rules.closed_below(line, around)
        if closed or below or rules.begins_another(line, self._lines, around):
            self.done = True
            return False
        return True

    def _goes_on(self, line: str) -> bool:
        """Whether a line that is not indented as the block is belongs to it nevertheless."""
        if rules.continues_statement(line, self._around):
            return True
        text = self._around.line_head + "\n".join(self._lines)
        closes = rules.is_closing_line(line)
        return not closes and rules.in_brackets(text, self._request.language == "python")

    def _drop_repetition(self) -> None:
        start = rules.repetition_start(self._whole_lines())
        if start is not None:
            del self._lines[max(start, self._shown) :]
            self.done = True

    def _whole_lines(self) -> list[str]:
        """The suggestion's lines, the first one with what stands ahead of it."""
        first, *others = self._lines
        return [self._around.line_head + first, *others]

    def _show_sound_lines(self) -> str:
        """Lines up to the newest, if the file is sound with them and they do not begin to repeat."""
        newest = self._lines[-1]
        if (
            self._only_copies
            or not newest.strip()
            or rules.repeated(self._whole_lines(), len(self._lines) - 1)
        ):
            return ""
        if self._line_has_rest() or not self._checker.acceptable("\n".join(self._lines)):
            return ""
        return self._show(len(self._lines))

    def _line_has_rest(self) -> bool:
        """The rest of the cursor's line comes after the suggestion's last line, which may repeat it."""
        return bool(self._around.line_rest.strip())

    def _show(self, count: int) -> str:
        new = [line.rstrip() for line in self._lines[self._shown : count]]
        if self._around.joins_rest and new and new[-1]:
            new[-1] = self._lines[count - 1]
        joiner = "\n" if self._shown else ""
        self._shown = count
        return joiner + "\n".join(new) if new else ""

    def _show_the_end(self) -> str:
        while len(self._lines) > self._shown and self._ends_in_nothing():
            self._lines.pop()
        if self._only_copies or len(self._lines) <= self._shown:
            return ""
        self._tidy_last_line()
        while len(self._lines) > self._shown and not self._lines[-1].strip():
            self._lines.pop()
        if len(self._lines) <= self._shown:
            return ""
        if self._around.rest_is_code and not rules.fits_between("\n".join(self._lines), self._around):
            return ""
        if self._checker.acceptable("\n".join(self._lines)):
            return self._show(len(self._lines))
        return self._show_as_far_as_sound()

    def _ends_in_nothing(self) -> bool:
        """Whether the last line is blank, or the one before it once more."""
        last = self._lines[-1]
        whole = self._whole_lines()
        again = len(whole) > 1 and rules.significant(last) and last.rstrip() == whole[-2].rstrip()
        return not last.strip() or again

    def _tidy_last_line(self) -> None:
        *before, last = self._lines
        earlier = "".join(line + "\n" for line in before)
        last = cut_overlap(last, self._around.line_rest)
        last = cut_closers(earlier, last, self._around.line_rest, self._checker)
        self._lines[-1] = last if self._around.joins_rest and last.strip() else last.rstrip()

    def _show_as_far_as_sound(self) -> str:
        """Nothing unsound is added to what was shown; of an unsound whole the first line is kept as far as it
        is sound, unless more follows in the cursor's line."""
        for count in range(len(self._lines) - 1, self._shown, -1):
            if self._checker.acceptable("\n".join(self._lines[:count])):
                return self._show(count) if self._lines[count - 1].strip() else self._show(count).rstrip()
        if self._shown or self._around.rest_is_code:
            return ""
        return self._show_beginning()

    def _show_beginning(self) -> str:
        first = next((at for at, line in enumerate(self._lines) if line.strip()), 0)
        sound = self._checker.longest("\n".join(self._lines[: first + 1]))
        self._lines = sound.split("\n")
        return self._show(len(self._lines)) if sound.strip() else ""

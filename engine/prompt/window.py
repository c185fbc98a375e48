"""How much of the text around the cursor is shown to the model.

Windows begin on line starts at steps of so many characters counted from the file's top, and end on
line ends. A window keeps its start while it fits, so typing leaves the first tokens of the prompt, and
with them the cached evaluation, as they are; when it no longer fits it starts a step later.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..limits import COLD_SECONDS, CONTEXT_CHARACTERS
from ..types import FimRequest

CHARACTERS_PER_TOKEN = 5
"""More than code has: what has more characters than this for each token of a budget cannot fit."""
LEAST_WINDOW, _WINDOW_STEP = 256, 128
_UNITS = 16
"""Parts of a window in which room is handed on: what a part gets changes only now and then."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How the tokens of a prompt are shared: 60 % before the cursor, 15 % after it, 25 % other files. What
    one part does not need, the others get."""

    total: int

    @classmethod
    def of(cls, total: int) -> Budget:
        """The budget of a window of so many tokens."""
        return cls(total)

    @property
    def line_rest(self) -> int:
        """Tokens for the rest of the cursor's line, where a layout puts it apart."""
        return max(1, self.total // _UNITS)

    def snippets(self, prefix: str, suffix: str) -> int:
        """Tokens for other files, when these texts stand around the cursor."""
        return max(self.total // 4, self.total - self._need(prefix) - self._need(suffix))

    def suffix(self, prefix: str, files: int) -> int:
        """Tokens for the text below, when other files have taken ``files``."""
        left = self.total - self._units(files) - self._need(prefix) - self.line_rest
        return max(self.total * 15 // 100, left)

    def prefix(self, files: int, suffix: int) -> int:
        """Tokens for the text above, when other files and the text below have taken so many."""
        return max(1, self.total - self._units(files) - self._units(suffix) - self.line_rest)

    def _need(self, text: str) -> int:
        """Tokens that a text needs at most, if it is code; in quarters, since a window that has less room
        for what stands first in it is read anew."""
        quarter = max(1, self.total // 4)
        return -(-(len(text) // 2) // quarter) * quarter

    def _units(self, tokens: int) -> int:
        unit = max(1, self.total // _UNITS)
        return -(-tokens // unit) * unit


def fitting_window(context_length: int, token_seconds: float = 0.0) -> int:
    """Tokens of a prompt that fits a model and a machine: three eighths of the context, as the bundled model
    has it, or what is read in :data:`~..limits.COLD_SECONDS` where that is less."""
    fits = context_length * 3 // 8
    if token_seconds:
        in_time = int(COLD_SECONDS / token_seconds) // _WINDOW_STEP * _WINDOW_STEP
        fits = min(fits, max(LEAST_WINDOW, in_time))
    return fits


def clip(request: FimRequest, limit: int = CONTEXT_CHARACTERS) -> FimRequest:
    """The request with at most ``limit`` characters before the cursor, and a quarter of them after it."""
    cut = max(0, len(request.prefix) - limit)
    suffix = head(request.suffix, limit // 4)
    if not cut and suffix is request.suffix:
        return request
    return replace(request, prefix=request.prefix[cut:], suffix=suffix, left_out=request.left_out + cut)


def reach_of(window_tokens: int) -> int:
    """How many characters before the cursor a window of so many tokens can hold, or proposals come from."""
    return max(CONTEXT_CHARACTERS, window_tokens * CHARACTERS_PER_TOKEN)


def head(text: str, limit: int) -> str:
    """At most the first ``limit`` characters, up to the end of a line where there is one."""
    if len(text) <= limit:
        return text
    end = text.rfind("\n", 0, limit)
    return text[: end + 1] if end >= 0 else text[:limit]


def window_starts(prefix: str, left_out: int, budget: int, total: int) -> Iterator[list[int]]:
    """Where a window of at most ``budget`` tokens over ``prefix`` may start, the longest first.

    Lists of ever finer steps, which depend on the ``total`` of the prompt only, so that they stay where
    they are: the first ones are about a third of a prompt of ordinary code long; finer ones are for texts
    with many more tokens for each character.
    """
    nearest = max(0, len(prefix) - budget * CHARACTERS_PER_TOKEN)
    if not left_out and not nearest:
        yield [0]
    for step in (total * 9 // 10, total * 3 // 10, total * 3 // 40):
        yield _steps(prefix, left_out, max(1, step), nearest)


def _steps(prefix: str, left_out: int, step: int, nearest: int) -> list[int]:
    """Line starts next to multiples of ``step`` in the file; inside a giant line the multiples."""
    first = (left_out + nearest) // step + 1
    starts = []
    for boundary in range(first * step - left_out, len(prefix), step):
        newline = prefix.find("\n", boundary - 1, boundary + step // 2)
        starts.append(newline + 1 if newline >= 0 else boundary)
    return starts

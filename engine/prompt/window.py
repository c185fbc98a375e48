"""How much of the text around the cursor is shown to the model.

Windows begin on line starts at steps of so many characters counted from the file's top, and end on
line ends. A window keeps its start while it fits, so typing leaves the first tokens of the prompt, and
with them the cached evaluation, as they are; when it no longer fits it starts a step later.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..types import FimRequest

CLIP_CHARACTERS = 24_000
"""More text than an ordinary window holds; what lies beyond is cut before it is sent to a worker."""
CHARACTERS_PER_TOKEN = 5
"""More than code has: what has more characters than this for each token of a budget cannot fit."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Tokens for each part of a prompt."""

    prefix: int
    suffix: int
    snippets: int

    @classmethod
    def of(cls, total: int) -> Budget:
        """Split a window: about 60 % before the cursor, 15 % after it, 25 % other files."""
        suffix, snippets = total * 15 // 100, total // 4
        return cls(total - suffix - snippets, suffix, snippets)


def clip(request: FimRequest, limit: int = CLIP_CHARACTERS) -> FimRequest:
    """The request with its texts cut to what any window can hold."""
    cut = max(0, len(request.prefix) - limit)
    suffix = head(request.suffix, limit // 4)
    return replace(request, prefix=request.prefix[cut:], suffix=suffix, left_out=request.left_out + cut)


def head(text: str, limit: int) -> str:
    """At most the first ``limit`` characters, up to the end of a line where there is one."""
    if len(text) <= limit:
        return text
    end = text.rfind("\n", 0, limit)
    return text[: end + 1] if end >= 0 else text[:limit]


def window_starts(prefix: str, left_out: int, budget: int) -> Iterator[list[int]]:
    """Where a window of at most ``budget`` tokens over ``prefix`` may start, the longest first.

    Lists of ever finer steps: the first ones are about half a window of ordinary code long; finer ones
    are for texts with many more tokens for each character.
    """
    nearest = max(0, len(prefix) - budget * CHARACTERS_PER_TOKEN)
    if not left_out and not nearest:
        yield [0]
    for step in (budget * 3 // 2, budget // 2, budget // 8):
        yield _steps(prefix, left_out, max(1, step), nearest)


def _steps(prefix: str, left_out: int, step: int, nearest: int) -> list[int]:
    """Line starts next to multiples of ``step`` in the file; inside a giant line the multiples."""
    first = (left_out + nearest) // step + 1
    starts = []
    for boundary in range(first * step - left_out, len(prefix), step):
        newline = prefix.find("\n", boundary - 1, boundary + step // 2)
        starts.append(newline + 1 if newline >= 0 else boundary)
    return starts

"""The seam of the index: where the last characters stood before, and what followed them there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A place in a file of the project. ``text`` are the bytes that follow it there, at most
    :data:`~..limits.FOLLOWING_BYTES`; ``matched`` counts the bytes ahead of it that agree with the text at
    the cursor; ``path`` is the file's, from the workspace's folder, with ``/``."""

    text: bytes
    matched: int
    path: str


class Occurrences(Protocol):
    """Text that can be searched."""

    def find(self, tail: bytes, limit: int, skipped: str = "") -> Sequence[Occurrence]:
        """At most ``limit`` places, those with the longest match first. ``tail`` is the end of the text at
        the cursor, in UTF-8, and its last bytes must match; places in the file ``skipped`` do not count."""
        ...

"""Guesses at the tokens that follow, which one evaluation verifies together (speculative decoding,
Leviathan et al. 2023): the text is the same as without them, only sooner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Drafts(Protocol):
    """Follows one answer."""

    def propose(self, tokens: Sequence[int], limit: int) -> Sequence[int]:
        """At most ``limit`` tokens that are likely to follow prompt and answer so far; mostly none."""
        ...

    def verified(self, proposed: int, right: int) -> None:
        """So many of the last proposal's tokens were right."""
        ...

"""Proposals: what stood behind the same characters elsewhere, as candidates for what follows here.

The idea is that of cache language models in nested scopes (Hellendoorn and Devanbu 2017): the nearer a scope,
the more its evidence counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ..tokens import Scope

SCOPES: tuple[Scope, ...] = ("file", "open", "folder", "imports", "project")
"""The nearest first."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Bytes that may follow. ``matched`` counts the bytes ahead of them that agreed where they were found,
    ``support`` the places where they were, and ``scope`` is the nearest of these."""

    text: bytes
    matched: int
    support: int
    scope: Scope


class Proposer(Protocol):
    """Follows one answer."""

    def accept(self, data: bytes) -> None:
        """These bytes have become part of the text."""
        ...

    def propose(self) -> Sequence[Candidate]:
        """What may follow now, the best first; mostly nothing."""
        ...

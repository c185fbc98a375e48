"""What may come next in one answer: first what was typed of a word, which the prompt leaves out
(:mod:`~..prompt.border`), then what the grammar allows. The grammar binds the text behind the cursor only.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..prompt.pieces import PieceTable
from .filters import Mask
from .grammar import Constraint

_MOST = 4096
"""Where a grammar allows more tokens than these, and more begin with what was typed, what was typed is
spelled as it stands."""


class Allowed:
    """Follows one answer. ``typed`` is what it still has to spell of what was typed, ahead of its text."""

    def __init__(self, constraint: Constraint | None, table: PieceTable | None, typed: bytes) -> None:
        self._constraint, self._table = constraint, table
        self.typed = typed if table is not None else b""

    def mask(self) -> Mask | None:
        """The tokens that may come next, shape (vocabulary,); None: all.

        Of what was typed these are the tokens that begin with it, and the longest one that is a beginning of
        it: shorter ones are no tokens of the word, whatever it is.
        """
        if not self.typed or self._table is None:
            return None if self._constraint is None else self._constraint.allowed()
        mask = np.zeros(self._table.size, np.bool_)
        mask[self._table.first_of(self.typed)] = True
        if self._constraint is None:
            mask[self._table.beginning(self.typed)] = True
        else:
            mask[list(self._fitting(self._table, self._constraint.allowed()))] = True
        return mask

    def behind(self, piece: bytes) -> bytes:
        """What of a token's bytes stands behind the cursor."""
        return piece[len(self.typed) :]

    def accept(self, token: int, piece: bytes) -> bytes:
        """The token was chosen; what of its bytes belongs to the answer."""
        text = self.behind(piece)
        if self._constraint is not None and (text or not self.typed):
            same = self._same(text, self._constraint.allowed()) if self.typed else token
            assert same is not None, "such a token was not allowed"
            self._constraint.accept(same)
        self.typed = self.typed[len(piece) :]
        return text

    def _fitting(self, table: PieceTable, allowed: Mask) -> Iterator[int]:
        """Tokens of what was typed and of one behind it that is allowed."""
        whole, behind = table.beginning(self.typed), np.flatnonzero(allowed)
        if len(whole) <= min(len(behind), _MOST):
            for token in whole.tolist():
                if self._same(self.behind(table.piece(token)), allowed) is not None:
                    yield token
        elif len(behind) <= _MOST:
            for token in behind.tolist():
                yield from table.find(self.typed + table.piece(token))

    def _same(self, text: bytes, allowed: Mask) -> int | None:
        """The allowed token that is this text."""
        found = self._table.find(text) if self._table is not None else []
        return next((token for token in found if allowed[token]), None)

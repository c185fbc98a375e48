"""Holes that begin where the engine's prompts end: at borders between tokens.

The engine takes back the word that is being typed, and the answer spells it again
(``engine/prompt/border.py``). A model that learnt holes in the middle of words would be asked for something
else than it learnt.
"""

from __future__ import annotations

from dataclasses import replace

from fimble.engine.prompt.border import probed, typed_at_end
from fimble.engine.prompt.pieces import PieceTable

from .holes import Hole
from .tokenizer import Tokenizer

_SEEN = 256
"""So many characters ahead of a hole tell where its word begins."""


class Borders:
    """The borders between one tokenizer's tokens."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._encode = tokenizer.encode
        self._table = PieceTable(tokenizer.size, tokenizer.piece)

    def widened(self, text: str, hole: Hole) -> Hole:
        """The hole with what the engine would take back of the text ahead of it."""
        ahead = text[max(0, hole.start - _SEEN) : hole.start]
        found = typed_at_end(ahead, self._encode(probed(ahead)), self._table) if ahead else None
        if found is None:
            return hole
        typed = found[1].decode("utf-8", "ignore")
        return replace(hole, start=hole.start - len(typed)) if ahead.endswith(typed) else hole

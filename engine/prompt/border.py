"""Where a prompt ends: at the last border between tokens that holds whatever is typed next.

A text that ends inside a word ends in tokens that the word does not have once it is whole, and a model that
is asked behind them guesses badly. So the last tokens are taken back, and the answer spells them again
("token healing", Lundberg 2023, in guidance). The prompt stays the same while a word is typed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .pieces import PieceTable

_LONGEST = 32
"""A longer word or row of signs, in characters, is healed at its last token only."""
_SEEN = 256
"""More characters than a longest word and the token that it begins in have together."""
_UNIT = re.compile(r"(?:[^\W\d_]+|\d+|\n+|(?:[^\w\s]|_)+)\Z")
"""Tokens join letters with letters, digits with digits, signs with signs; what stands ahead of the first one
in the same token is found by the tokenizer itself."""
_PROBE = "x"
"""What stands in for the word that follows white space, which may belong to its first token."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt's ids. ``typed`` are the bytes behind them, up to the cursor, that the answer's first tokens
    must spell."""

    ids: list[int]
    typed: bytes = b""


def probed(prefix: str) -> str:
    """The text to tokenise in place of the one before the cursor."""
    return prefix + _PROBE if prefix[-1:].isspace() and prefix[-1] != "\n" else prefix


def typed_at_end(prefix: str, ids: Sequence[int], table: PieceTable) -> tuple[int, bytes] | None:
    """How many of the tokens of the probed text are kept, and what was typed behind them; None where the
    pieces of tokens are not what was typed."""
    probe = probed(prefix)[len(prefix) :]
    data = (prefix[-_SEEN:] + probe).encode("utf-8", "replace")
    back, found = _taken_back(ids, table, _length_of_unit(prefix + probe))
    if not data.endswith(found) and not data.endswith(found.removeprefix(b" ")):  # sentencepiece's own
        return None
    kept, typed = len(ids) - back, found[: len(found) - len(probe)]
    while typed and _border_holds(piece := table.piece(ids[kept]), typed, table):
        kept, typed = kept + 1, typed[len(piece) :]
    return (kept, typed) if table.spells(typed) else None


def _border_holds(piece: bytes, typed: bytes, table: PieceTable) -> bool:
    """Whether what was typed begins with this token whatever follows: no other one goes on behind it."""
    if len(piece) < len(typed):
        return not table.begins(typed[: len(piece) + 1])
    return piece == typed and not table.begins(piece, more=True)


def _length_of_unit(text: str) -> int:
    """Bytes of the word, number, row of signs or line ends that a text ends with."""
    tail = text[-_LONGEST - 1 :]
    unit = _UNIT.search(tail)
    if unit is None or not text:
        return 0
    return len(unit[0].encode("utf-8", "replace")) if len(unit[0]) <= _LONGEST else 1


def _taken_back(ids: Sequence[int], table: PieceTable, length: int) -> tuple[int, bytes]:
    """How many tokens cover so many bytes at the end, and their bytes."""
    found, back = b"", 0
    while len(found) < length and back < len(ids) and (piece := table.piece(ids[-back - 1])):
        found, back = piece + found, back + 1
    return back, found

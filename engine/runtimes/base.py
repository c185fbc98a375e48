"""The seam at token level: a runtime evaluates tokens in several sequences, and we do everything else.

Synchronous, with one caller, inside a worker; only :meth:`Runtime.abort` may come from another thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]
"""One number for each token of the vocabulary: how well it fits next. Shape (vocabulary,)."""


class Aborted(Exception):
    """A native call was ended by :meth:`Runtime.abort`.

    The sequences of its spans hold their first ``past`` tokens, or nothing where the model cannot cut; all
    others are as they were.
    """


@dataclass(frozen=True, slots=True)
class Span:
    """Tokens to evaluate in one sequence, after the first ``past`` tokens that it holds.

    What the sequence holds beyond ``past`` is dropped first. ``rows`` is after how many of the last
    tokens the scores are wanted: 0 for a piece of a prompt, 1 for the next token, more to verify a draft.
    """

    sequence: int
    tokens: Sequence[int]
    past: int
    rows: int = 1


class Runtime(Protocol):
    """A loaded model. Sequences are numbered from 0; all are empty at first."""

    @property
    def name(self) -> str:
        """What it is called in settings: ``llamacpp``, ``ctransformers``."""
        ...

    @property
    def sequences(self) -> int:
        """How many sequences it keeps side by side."""
        ...

    @property
    def context_length(self) -> int:
        """How many tokens one sequence may hold."""
        ...

    @property
    def batch(self) -> int:
        """How many tokens one call of :meth:`decode` may have, all spans together."""
        ...

    @property
    def cuts(self) -> bool:
        """Whether a sequence can be shortened to any length. A recurrent model's cannot: its sequences are
        continued, copied whole or begun anew (``keep`` to 0), and a span's ``past`` is what it holds."""
        ...

    def tokenize(self, text: str) -> list[int]:
        """The text's exact ids: no space or control token is added, none is read out of the text."""
        ...

    def piece(self, token: int) -> bytes:
        """The bytes a token stands for; empty for control tokens."""
        ...

    def decode(self, spans: Sequence[Span]) -> None:
        """Evaluate all spans, each of another sequence, in one native call.

        Raises :class:`Aborted` after :meth:`abort`, and :class:`~..errors.WorkerCrashed` when the model
        cannot evaluate; then nothing is known of what the spans' sequences hold.
        """
        ...

    def logits(self, span: int, row: int = 0) -> Scores:
        """The scores after one of a span's last tokens, a view that is valid until the next ``decode``.

        ``span`` counts the spans of the last ``decode``; ``row`` counts its rows from the first one.
        """
        ...

    def copy(self, source: int, target: int, length: int) -> None:
        """Have ``target`` hold the first ``length`` tokens of ``source``, in place of what it held."""
        ...

    def keep(self, sequence: int, length: int) -> None:
        """Drop what a sequence holds beyond its first ``length`` tokens."""
        ...

    def abort(self) -> None:
        """End the native call that runs, soon; from another thread. A call that begins later runs on."""
        ...

    def close(self) -> None: ...

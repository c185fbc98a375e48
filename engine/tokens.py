"""What is known of single tokens: of an answer, of what could have been there, of a prompt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Scope = Literal["file", "open", "folder", "imports", "project"]
"""Where a proposal was found: in the file itself, in another open one, in a file of the same folder, in one
that it imports, or anywhere in the project."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """A token that was possible at some place; ``text`` are its bytes, which may be part of a character."""

    token: int
    text: bytes
    logprob: float


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """A token of the answer (or, with ``echo``, of the prompt) with its natural log-probability.

    None is for a prompt's first token, which nothing precedes. ``top`` are the most likely tokens of that
    place, best first. ``offset`` is where the token begins in the whole text of the answer, in characters;
    tokens inside one character share an offset.
    """

    token: int
    text: bytes
    logprob: float | None
    top: tuple[Alternative, ...] = ()
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Certainty:
    """How sure a token of a suggestion is. ``text`` are its bytes, and ``offset`` is where it begins, in
    characters. The last one may be of the token that the answer ended ahead of: an end token, which has no
    text, what begins a stop string, or what was too unlikely.

    ``probability`` is that of the choice that was made, ``model`` the model's own for the same token, and
    ``memory`` what the proposals gave it; the longest match ahead of these was of ``matched`` bytes,
    ``support`` places agreed, the nearest of them in ``scope``. ``end`` is how likely the answer was to end
    instead.
    """

    text: bytes
    offset: int
    probability: float
    model: float
    end: float = 0.0
    memory: float = 0.0
    matched: int = 0
    support: int = 0
    scope: Scope | None = None


@dataclass(frozen=True, slots=True)
class PromptPart:
    """What stands in a prompt behind one control token, up to the next: ``text``, of so many ``tokens``.
    ``control`` is that token's text, empty ahead of the first one. A last part of no tokens is the beginning
    of a word that the first tokens of the answer spell again."""

    control: str
    text: str
    tokens: int

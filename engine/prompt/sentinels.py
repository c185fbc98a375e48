"""Prompts that a client has laid out itself: which texts stand around the hole, read from the sentinels in
it.

Some clients (Continue, Zed, minuet) put a model family's fill-in-the-middle tokens into the prompt as text.
The families are those of :mod:`.families`; each is understood whichever model answers, since only the two
texts matter. This is for callers who may send control tokens at all; everybody else's text stays text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..limits import LAID_OUT_CHARACTERS
from ..types import Snippet
from .families import FAMILIES, Control

_STARTS = ("<s>", "<|begin_of_text|>", "<｜begin▁of▁sentence｜>", "<bos>", "<|endoftext|>")
"""What clients put ahead of everything, since the model's tokenizer might not."""


@dataclass(frozen=True, slots=True)
class Hole:
    """The text on both sides of a hole, the file's path if the prompt tells it, and other files."""

    prefix: str
    suffix: str
    path: str = ""
    snippets: tuple[Snippet, ...] = ()


def read_hole(prompt: str) -> Hole | None:
    """What a prompt says in any known family's format; None for a prompt that is in none, in two ways, or
    longer than any window."""
    if len(prompt) > LAID_OUT_CHARACTERS:
        return None
    for tokens in _formats(prompt):
        hole = _read(prompt, tokens)
        if hole is not None:
            return hole
    return None


def _formats(prompt: str) -> Iterator[Mapping[Control, str]]:
    """The tokens of each family, as clients write them; first of those whose separator of files is there."""
    separated = [family for family in FAMILIES if family.tokens.get("file_sep", "\0") in prompt]
    for family in (*separated, *FAMILIES):
        yield {control: text.lstrip("▁") for control, text in family.tokens.items()}


def _read(prompt: str, tokens: Mapping[Control, str]) -> Hole | None:
    prefix, suffix, middle = tokens["prefix"], tokens["suffix"], tokens.get("middle")
    if prompt.count(prefix) != 1 or prompt.count(suffix) != 1:
        return None
    head, first, rest = prompt.partition(prefix if prompt.index(prefix) < prompt.index(suffix) else suffix)
    one, _, two = rest.partition(suffix if first == prefix else prefix)
    tail = ""
    if middle is not None:
        if prompt.count(middle) != 1 or middle not in two:
            return None
        two, _, tail = two.partition(middle)
    before, after = (one, two) if first == prefix else (two, one)
    if tail:  # suffix-first with the two tokens side by side: what is behind the last one is the text before
        if before:
            return None
        before = tail
    if prefix == "<PRE>":  # sentencepiece needs the spaces, which are not part of the texts
        before, after = before.removeprefix(" ").removesuffix(" "), after.removesuffix(" ")
    path, snippets = _files(head, tokens)
    return Hole(before, after, path, snippets)


def _files(head: str, tokens: Mapping[Control, str]) -> tuple[str, tuple[Snippet, ...]]:
    """What stands ahead of the hole: other files, and the path of this one, whose text is the hole's."""
    for start in _STARTS:
        head = head.removeprefix(start)
    separator = tokens.get("file_sep")
    if separator is None or separator not in head:
        return "", (Snippet("", head),) if head.strip() else ()
    files = [part.partition("\n") for part in head.split(separator)[1:]]
    path = files.pop()[0] if files and not files[-1][2].strip() else ""
    return path.strip(), tuple(Snippet(name.strip(), text) for name, _, text in files if text.strip())

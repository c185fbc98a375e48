"""Holes to fill, made from held-out packages; the same for everybody who has the same corpus."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fimble.engine.types import Mode

from .. import holes
from ..corpus.shards import Document, read_split

KINDS: dict[str, holes.Picker] = {
    "end of line": holes.line_end,
    "whole lines": holes.whole_lines,
    "block": holes.block,
    "in brackets": holes.bracketed,
    "random span": holes.span,
}
SMALLEST_FILE = 600


@dataclass(frozen=True, slots=True)
class Task:
    """``middle`` is what was there between ``prefix`` and ``suffix``, in a file of ``package``."""

    prefix: str
    suffix: str
    middle: str
    language: str
    path: str
    kind: str
    package: str = ""

    @property
    def mode(self) -> Mode:
        """What an editor would ask for: the engine decides at a line's end."""
        if self.kind == "end of line":
            return "auto"
        return "block" if "\n" in self.middle else "line"


def held_out_tasks(corpus: Path, python: int, others: int, seed: int = 7) -> list[Task]:
    """``python`` holes of each kind in Python and ``others`` of each kind in every other language."""
    by_language: dict[str, list[Document]] = {}
    for document in read_split(corpus, "test"):
        if len(document.text) >= SMALLEST_FILE:
            by_language.setdefault(document.language, []).append(document)
    made: list[Task] = []
    for language, documents in sorted(by_language.items()):
        if len(documents) >= 5:
            count = python if language == "python" else others
            for kind in KINDS:
                randomness = random.Random(f"{seed}/{language}/{kind}")
                made += _of_kind(documents, kind, count, randomness)
    return made


def _of_kind(documents: list[Document], kind: str, count: int, randomness: random.Random) -> Iterator[Task]:
    for _ in range(count):
        document = randomness.choice(documents)
        hole = holes.pick(document.text, randomness, KINDS[kind])
        if hole is not None:
            text = document.text
            yield Task(
                text[: hole.start], text[hole.end :], text[hole.start : hole.end],
                document.language, document.path, kind, document.package,
            )  # fmt: skip

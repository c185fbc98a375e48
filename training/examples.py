"""Training rows: packed token sequences made on the fly, the same for the same seed, step and row.

An example is laid out as the engine prompts (see ``engine/prompt``)::

    (<file_sep>path⏎ text)* <file_sep>path⏎ <fim_suffix>L<fim_prefix>P<fim_suffix>T<fim_middle>M</s>

P is the text before the cursor, T the rest of the cursor's line, L what follows from the next newline
on; the part ``<fim_suffix>T`` is left out when T is empty. A share is suffix-first with T and L
together, a share prefix-first, and a share plain text.
"""

from __future__ import annotations

import random
from bisect import bisect
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from . import holes
from .borders import Borders
from .corpus.shards import Document, read_split
from .tokenizer import EOS, FILE_SEP, FIM_MIDDLE, FIM_PREFIX, FIM_SUFFIX, Tokenizer

LANGUAGE_SHARES = {
    "python": 0.70, "javascript": 0.05, "typescript": 0.05, "typescriptreact": 0.005, "go": 0.04,
    "rust": 0.04, "c": 0.02, "cpp": 0.025, "java": 0.025, "shellscript": 0.01, "lua": 0.01,
    "html": 0.003, "css": 0.004, "json": 0.004, "yaml": 0.004, "toml": 0.003, "markdown": 0.007,
}  # fmt: skip
PLAIN_SHARE = 0.22
CONTEXT_SHARE = 0.25
PATH_SHARE = 0.85
MIDDLE_WEIGHT = 2.0
_CHARACTERS_PER_TOKEN = 3.2


class DocumentSampler:
    """Draws documents: the language by its share, then one with a chance in proportion to its length."""

    def __init__(self, folder: Path, split: str, shares: dict[str, float] = LANGUAGE_SHARES) -> None:
        self._documents: dict[str, list[Document]] = defaultdict(list)
        self._neighbours: dict[tuple[str, str], list[Document]] = defaultdict(list)
        for document in read_split(folder, split):
            if document.language in shares:
                self._documents[document.language].append(document)
                self._neighbours[document.package, document.language].append(document)
        self._languages = sorted(self._documents)
        self._shares = [shares[language] for language in self._languages]
        self._cumulative = {
            language: list(accumulate(len(d.text) for d in documents))
            for language, documents in self._documents.items()
        }

    def draw(self, randomness: random.Random) -> Document:
        language = randomness.choices(self._languages, self._shares)[0]
        cumulative = self._cumulative[language]
        at = bisect(cumulative, randomness.randrange(cumulative[-1]))
        return self._documents[language][at]

    def neighbour(self, document: Document, randomness: random.Random) -> Document | None:
        """Another file of the same package and language, from the same folder when there is one."""
        others = self._neighbours[document.package, document.language]
        tries = [randomness.choice(others) for _ in range(4)]
        folder = document.path.rpartition("/")[0]
        near = [d for d in tries if d.path != document.path and d.path.startswith(folder)]
        far = [d for d in tries if d.path != document.path]
        return next(iter(near or far), None)


@dataclass
class _Row:
    """Token ids with the weight that each has as a target."""

    ids: list[int] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)

    def add(self, ids: list[int], weight: float) -> None:
        self.ids += ids
        self.weights += [weight] * len(ids)


class RowMaker:
    """Makes rows of ``length`` + 1 tokens from a sampler's documents."""

    def __init__(self, sampler: DocumentSampler, tokenizer: Tokenizer, length: int) -> None:
        self._sampler, self._tokenizer, self._length = sampler, tokenizer, length
        self._borders = Borders(tokenizer)

    def batch(self, seed: int, step: int, rows: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Ids (rows, length + 1) and target weights (rows, length) of one step."""
        made = [self._row(random.Random(f"{seed}/{step}/{row}")) for row in range(rows)]
        ids = np.array([row.ids for row in made], dtype=np.int64)
        weights = np.array([row.weights[1:] for row in made], dtype=np.float32)
        return ids, weights

    def _row(self, randomness: random.Random) -> _Row:
        row, size = _Row(), self._length + 1
        while len(row.ids) < size:
            room = size - len(row.ids)
            document = self._sampler.draw(randomness)
            if room < 96 or randomness.random() < PLAIN_SHARE:
                self._add_plain(row, document, room, randomness)
            else:
                self._add_hole(row, document, room, randomness)
        del row.ids[size:], row.weights[size:]
        return row

    def _add_plain(self, row: _Row, document: Document, room: int, randomness: random.Random) -> None:
        text = document.text
        start = randomness.randrange(len(text))
        start = 0 if start < 200 else text.rfind("\n", 0, start) + 1
        piece = text[start : start + int(room * _CHARACTERS_PER_TOKEN * 1.3)]
        if randomness.random() < PATH_SHARE:
            self._add_path(row, document.path)
        row.add(self._tokenizer.encode(piece), 1.0)
        if start + len(piece) == len(text):
            row.add([EOS], 1.0)

    def _add_path(self, row: _Row, path: str) -> None:
        row.add([FILE_SEP, *self._tokenizer.encode(path + "\n")], 0.0)

    def _add_hole(self, row: _Row, document: Document, room: int, randomness: random.Random) -> None:
        hole = holes.pick(document.text, randomness)
        if hole is None:
            self._add_plain(row, document, room, randomness)
            return
        hole = self._borders.widened(document.text, hole)
        encode = self._tokenizer.encode
        middle = encode(document.text[hole.start : hole.end])[:160]
        room -= len(middle) + 30
        before = self._context(document, min(room // 3, 200), randomness)
        room -= len(before.ids)
        suffix_room = randomness.randrange(0, max(1, min(160, room // 2)))
        prefix = self._prefix(document.text[: hole.start], max(16, room - suffix_room), randomness)
        line_rest, following = self._suffix(document.text[hole.end :], suffix_room)
        row.add(before.ids, 1.0)
        row.weights[len(row.weights) - len(before.ids) :] = before.weights
        if before.ids or randomness.random() < PATH_SHARE:
            self._add_path(row, document.path)
        self._add_parts(row, prefix, line_rest, following, randomness)
        row.add([*middle, EOS], MIDDLE_WEIGHT)

    def _add_parts(
        self, row: _Row, prefix: str, line_rest: str, following: str, randomness: random.Random
    ) -> None:
        encode = self._tokenizer.encode
        order = randomness.choices(("lines-first", "suffix-first", "prefix-first"), (0.8, 0.1, 0.1))[0]
        if order == "prefix-first":
            parts = [(FIM_PREFIX, prefix), (FIM_SUFFIX, line_rest + following)]
        elif order == "suffix-first" or not line_rest:
            parts = [(FIM_SUFFIX, line_rest + following), (FIM_PREFIX, prefix)]
        else:
            parts = [(FIM_SUFFIX, following), (FIM_PREFIX, prefix), (FIM_SUFFIX, line_rest)]
        for control, text in parts:
            row.add([control], 0.0)
            row.add(encode(text), 1.0)
        row.add([FIM_MIDDLE], 0.0)

    def _prefix(self, text: str, room: int, randomness: random.Random) -> str:
        if randomness.random() < 0.25:
            room = randomness.randrange(8, max(9, room))
        wanted = int(room * _CHARACTERS_PER_TOKEN)
        if len(text) <= wanted:
            return text
        newline = text.find("\n", len(text) - wanted)
        return text[newline + 1 :] if newline >= 0 else text[-wanted:]

    def _suffix(self, text: str, room: int) -> tuple[str, str]:
        """The rest of the line, and what follows, cut at a line's end."""
        line_rest, newline, following = text.partition("\n")
        wanted = int(room * _CHARACTERS_PER_TOKEN)
        if len(following) > wanted:
            following = following[: following.rfind("\n", 0, wanted) + 1]
        return line_rest, newline + following

    def _context(self, document: Document, room: int, randomness: random.Random) -> _Row:
        """Pieces of other files ahead of this one, in a share of the examples."""
        row = _Row()
        if room < 48 or randomness.random() > CONTEXT_SHARE:
            return row
        other = self._sampler.neighbour(document, randomness)
        if other is not None:
            start = other.text.rfind("\n", 0, randomness.randrange(len(other.text))) + 1
            piece = other.text[start : start + int((room - 16) * _CHARACTERS_PER_TOKEN)]
            self._add_path(row, other.path)
            row.add(self._tokenizer.encode(piece[: piece.rfind("\n") + 1]), 1.0)
        return row

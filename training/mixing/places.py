"""Places in code where a model and the proposals said something of the next token, which is known.

A hole's own tokens are given to the model one after the other, as if it had chosen them.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from fimble.engine.decode.choice import Likelihoods
from fimble.engine.decode.healing import Allowed
from fimble.engine.decode.mixing import Advice
from fimble.engine.decode.proposals import SCOPES
from fimble.engine.limits import CANDIDATES
from fimble.engine.memory.files import Bounds
from fimble.engine.memory.update import update
from fimble.engine.preparing import prepare
from fimble.engine.runtimes.base import Scores, Span
from fimble.engine.types import FimRequest
from fimble.engine.workers.opened import OpenedModel
from fimble.engine.workers.planner import Planner, Task

from .. import holes
from ..corpus.shards import Document

TOKENS = 16
"""Of a hole so many tokens are looked at."""
_SMALLEST_FILE, _SMALLEST_PROJECT = 600, 8_000
_BOUNDS = Bounds(20_000, 64 << 20)
_NONE = -1
"""In place of a token where there are fewer proposals."""
_KINDS = (holes.line_end, holes.line_end, holes.line_end, holes.whole_lines)

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Places:
    """Arrays with a row for each place. ``right`` is the true token's probability, ``top`` that of the
    model's own (``top_token``), ``over`` that of all end tokens; ``project`` numbers the packages, and
    ``whole`` is whether the project was searched too.

    With a column for each candidate, the best first: its ``token`` (-1 for none), whether it is the true one
    (``hit``), what it is ``known`` to the model (its probability), and what :class:`Candidate` says.
    """

    right: Numbers
    top: Numbers
    top_token: Numbers
    over: Numbers
    project: Numbers
    whole: Numbers
    token: Numbers
    hit: Numbers
    known: Numbers
    matched: Numbers
    support: Numbers
    scope: Numbers

    def __len__(self) -> int:
        return len(self.right)

    def __getitem__(self, rows: object) -> Places:
        return Places(*(getattr(self, field.name)[rows] for field in fields(self)))

    def save(self, path: Path) -> None:
        np.savez_compressed(path, **{field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def load(cls, path: Path) -> Places:
        with np.load(path) as found:
            return cls(*(found[field.name] for field in fields(cls)))


def find_places(opened: OpenedModel, documents: Iterable[Document], count: int, seed: int = 5) -> Places:
    """Those of about ``count`` holes in packages that are large enough."""
    by_package: dict[str, list[Document]] = {}
    for document in documents:
        by_package.setdefault(document.package, []).append(document)
    large = [each for each in by_package.values() if sum(len(one.text) for one in each) >= _SMALLEST_PROJECT]
    rows = list[_Row]()
    teacher = _Teacher(opened)
    for number, package in enumerate(large):
        randomness = random.Random(f"{seed}/{package[0].package}")
        with indexed(package) as index:
            for _ in range(-(-count // len(large))):
                document = randomness.choice(package)
                kind = randomness.choice(_KINDS)
                hole = holes.pick(document.text, randomness, kind)
                if hole is not None and len(document.text) >= _SMALLEST_FILE:
                    rows += teacher.read(document, hole, index, number)
    return _places(rows)


@contextmanager
def indexed(documents: Sequence[Document]) -> Iterator[str]:
    """The folder of an index of a package."""
    with TemporaryDirectory(prefix="fimble-mixing-") as name:
        files, index = Path(name) / "files", Path(name) / "index"
        index.mkdir()
        for document in documents:
            path = files / document.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(document.text, "utf-8", newline="")
        update(index, files, _BOUNDS)
        yield str(index)


_Row = tuple[list[float], NDArray[np.float64]]


class _Teacher:
    """Reads holes with a model."""

    def __init__(self, opened: OpenedModel) -> None:
        self._model, self._vocabulary = opened.model, opened.vocabulary
        self._planner = Planner(opened, 0)
        self._likelihoods = Likelihoods(opened.vocabulary.size, opened.vocabulary.end_ids)

    def read(self, document: Document, hole: holes.Hole, index: str, project: int) -> Iterator[_Row]:
        """The places of one hole, each with the file's own proposals and with the project's."""
        text = document.text[hole.start : hole.end]
        request = prepare(
            FimRequest(
                document.text[: hole.start], document.text[hole.end :], document.language, document.path,
                mode="block" if "\n" in text else "line", max_tokens=TOKENS,
            )
        ).request  # fmt: skip
        alone, whole = (self._planner.task(replace(request, index=each)) for each in ("", index))
        typed = alone.plan.typed
        tokens = self._model.tokenize(typed.decode("utf-8", "replace") + text.replace("\r\n", "\n"))
        ended = len(tokens) <= TOKENS
        scores = self._evaluated(alone.prompt, tokens[:TOKENS])
        for task, searched in ((alone, 0), (whole, 1)):
            yield from self._places(task, tokens[:TOKENS], ended, scores, [project, searched])

    def _places(
        self, task: Task, tokens: Sequence[int], ended: bool, scores: Sequence[Scores], told: list[float]
    ) -> Iterator[_Row]:
        allowed = Allowed(None, task.plan.pieces, task.plan.typed)
        assert task.plan.advice is not None, "such a model is not helped"
        for token, row in zip([*tokens, *([_NONE] if ended else [])], scores, strict=False):
            mask, typed = allowed.mask(), allowed.typed
            if token != _NONE and mask is not None and not mask[token]:
                return  # it is written in other tokens than the tokenizer's
            likely = self._likelihoods.all(row, mask)
            end, over = self._likelihoods.end(likely)
            right = over if token == _NONE else float(likely[token])
            top = int(likely.argmax())
            numbers = [right, float(likely[top]), top, over, *told]
            said = self._said(task.plan.advice, likely, end if token == _NONE else token, end, mask, typed)
            yield numbers, said
            if token != _NONE:
                data = allowed.accept(token, self._model.piece(token))
                task.plan.advice.proposer.accept(data)

    def _said(
        self, advice: Advice, likely: Scores, token: int | None, end: int | None, mask: object, typed: bytes
    ) -> NDArray[np.float64]:
        said = np.zeros((CANDIDATES, 6))
        said[:, 0], said[:, 4] = _NONE, 1
        for at, (proposed, each) in enumerate(advice.proposed(end, mask, typed)):  # type: ignore[arg-type]
            said[at] = (
                proposed, proposed == token, likely[proposed], each.matched, each.support,
                SCOPES.index(each.scope),
            )  # fmt: skip
        return said

    def _evaluated(self, prompt: list[int], tokens: list[int]) -> list[Scores]:
        """The scores ahead of each token, and behind the last one."""
        read, batch = 0, self._model.batch
        while read < len(prompt) - 1:
            part = prompt[read : min(read + batch, len(prompt) - 1)]
            self._model.decode([Span(0, part, read, 0)])
            read += len(part)
        last = [prompt[-1], *tokens]
        self._model.decode([Span(0, last, read, len(last))])
        return [np.array(self._model.logits(0, row)) for row in range(len(last))]


def _places(rows: Sequence[_Row]) -> Places:
    numbers = np.array([row for row, _ in rows]).T
    said = np.array([each for _, each in rows])
    right, top, top_token, over, project, whole = numbers
    columns = (said[:, :, at] for at in range(said.shape[2]))
    return Places(*chain((right, top, top_token, over, project, whole), columns))

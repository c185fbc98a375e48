"""Texts of other open files of the same workspace, in which is looked for what may follow at the cursor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from fimble.engine.types import Snippet

from ..document import Document
from ..limits import BESIDE_CHARACTERS, BESIDE_EACH, BESIDE_FILES
from ..positions import Place

_Key = tuple[tuple[str, int], ...]


class BesideCache:
    """The texts for the document that was asked for last, made again when another one of them changes."""

    def __init__(self) -> None:
        self._key: _Key = ()
        self._made: tuple[Snippet, ...] = ()

    def get(
        self, current: Document, others: Iterable[Document], may_read: Callable[[Document], bool]
    ) -> tuple[Snippet, ...]:
        """Those of the same language first, and of these the ones that were viewed or edited last."""
        ranked = sorted(others, key=lambda other: (other.language != current.language, -other.touched))
        found = list(_chosen((each for each in ranked if each is not current and each.length), may_read))
        key = tuple((other.uri, other.revision) for other in found)
        if key != self._key:
            self._key, self._made = key, tuple(_pieces(found))
        return self._made


def _chosen(ranked: Iterable[Document], may_read: Callable[[Document], bool]) -> Iterator[Document]:
    """As many as there is room for; the others are not even asked about."""
    left, count = BESIDE_CHARACTERS, 0
    for document in ranked:
        if left <= 0 or count == BESIDE_FILES:
            return
        if may_read(document):
            left, count = left - min(document.length, BESIDE_EACH), count + 1
            yield document


def _pieces(documents: Iterable[Document]) -> Iterable[Snippet]:
    left = BESIDE_CHARACTERS
    for document in documents:
        text = document.around(document.cursor or Place(0, 0), min(left, BESIDE_EACH))
        left -= len(text)
        if text:
            yield Snippet(document.path, text)

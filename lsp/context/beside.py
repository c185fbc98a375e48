"""Texts of other open files of the same workspace, in which is looked for what may follow at the cursor."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from fimble.engine.types import Snippet

from ..document import Document
from ..limits import BESIDE_CHARACTERS, BESIDE_EACH
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
        found = [other for other in others if other is not current and other.length and may_read(other)]
        found.sort(key=lambda other: (other.language != current.language, -other.touched))
        key = tuple((other.uri, other.revision) for other in found)
        if key != self._key:
            self._key, self._made = key, tuple(_pieces(found))
        return self._made


def _pieces(documents: Iterable[Document]) -> Iterable[Snippet]:
    left = BESIDE_CHARACTERS
    for document in documents:
        text = document.around(document.cursor or Place(0, 0), min(left, BESIDE_EACH))
        left -= len(text)
        if text:
            yield Snippet(document.path, text)

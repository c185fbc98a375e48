"""What other open files contribute: the signatures of those in the same language, in a stable order."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from fimble.engine.syntax.outline import outline
from fimble.engine.types import Snippet

from ..documents import Document

MAX_FILES, MAX_CHARACTERS = 3, 500
_IMPORT_LINE = re.compile(
    r"^\s*(from|import|use|require|include|#include|export|using|package)\b.*$|require\(", re.M
)


class OutlineCache:
    """Outlines by document, made again when its version changes."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[int, str]] = {}

    def get(self, document: Document) -> str:
        known = self._made.get(document.uri)
        if known is None or known[0] != document.version:
            text = outline(document.tree, document.data, MAX_CHARACTERS) if document.tree else ""
            known = self._made[document.uri] = (document.version, text)
        return known[1]

    def forget(self, uri: str) -> None:
        self._made.pop(uri, None)


def related(
    current: Document, others: Iterable[tuple[Document, str]], outlines: OutlineCache
) -> tuple[Snippet, ...]:
    """Snippets for ``current``: files that it imports first, then by path, so that the order is stable.

    ``others`` are open documents with their paths, of any language.
    """
    imports = _import_text(current)
    same = [
        (_is_imported(path, imports), path, document)
        for document, path in others
        if document.uri != current.uri and document.language == current.language
    ]
    chosen = sorted(same, key=lambda entry: (not entry[0], entry[1]))[:MAX_FILES]
    made = ((path, outlines.get(document)) for _, path, document in chosen)
    # the most useful file stands last, next to the text that it helps with
    return tuple(reversed([Snippet(path, text) for path, text in made if text]))


def _import_text(document: Document) -> str:
    head = document.data[:8000].decode("utf-8", "replace")
    return "\n".join(match.group() for match in _IMPORT_LINE.finditer(head))


def _is_imported(path: str, imports: str) -> bool:
    stem = PurePosixPath(path).stem
    if stem in ("index", "mod", "__init__"):
        stem = PurePosixPath(path).parent.name
    return bool(stem) and re.search(rf"\b{re.escape(stem)}\b", imports) is not None

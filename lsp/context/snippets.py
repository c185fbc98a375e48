"""What other open files contribute: the signatures of those in the same language, in a stable order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import PurePosixPath

from fimble.engine.syntax.languages import find_language
from fimble.engine.syntax.outline import outline
from fimble.engine.syntax.tree import SyntaxTree
from fimble.engine.types import Snippet

from ..document import Document
from ..limits import OUTLINE_CHARACTERS

MAX_FILES, MAX_CHARACTERS = 3, 500
_IMPORTS_WITHIN = 8_000
_IMPORT_LINE = re.compile(
    r"^\s*(?:from|import|use|require|include|#include|export|using|package)\b.*$|require\(.*$", re.M
)
_NAME = re.compile(r"[\w-]+")


class OutlineCache:
    """Outlines by document, made again when its text changes; and what the current document imports."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[int, str]] = {}
        self._imports: tuple[str, frozenset[str]] = ("", frozenset())

    def get(self, document: Document) -> str:
        known = self._made.get(document.uri)
        if known is None or known[0] != document.revision:
            known = self._made[document.uri] = (document.revision, outline_of(document))
        return known[1]

    def imports(self, document: Document) -> frozenset[str]:
        """Names in the import lines at the top of a document."""
        head = document.head(_IMPORTS_WITHIN)
        if head != self._imports[0]:
            lines = "\n".join(match.group() for match in _IMPORT_LINE.finditer(head))
            self._imports = (head, frozenset(_NAME.findall(lines)))
        return self._imports[1]

    def forget(self, uri: str) -> None:
        self._made.pop(uri, None)


def outline_of(document: Document) -> str:
    """Signatures from the start of a document; none for languages without a grammar."""
    spec = find_language(document.language, document.uri)
    if spec is None:
        return ""
    source = document.head(OUTLINE_CHARACTERS).encode("utf-8", "replace")
    return outline(SyntaxTree(spec, source), source, MAX_CHARACTERS)


def related(
    current: Document,
    others: Iterable[Document],
    outlines: OutlineCache,
    may_read: Callable[[Document], bool] = lambda other: True,
) -> tuple[Snippet, ...]:
    """Snippets for ``current`` from other documents of its language: files that it imports first, then by
    path, so that the order is stable."""
    same = [each for each in others if each is not current and each.language == current.language]
    if not same:
        return ()
    imports = outlines.imports(current)
    ranked = sorted(same, key=lambda other: (not _is_imported(other.path, imports), other.path))
    chosen = islice(filter(may_read, ranked), MAX_FILES)
    made = [(other.path, outlines.get(other)) for other in chosen]
    # the most useful file stands last, next to the text that it helps with
    return tuple(Snippet(path, text) for path, text in reversed(made) if text)


def _is_imported(path: str, imports: frozenset[str]) -> bool:
    at = PurePosixPath(path)
    stem = at.parent.name if at.stem in ("index", "mod", "__init__") else at.stem
    return stem in imports

"""All open documents, bounded in number and size."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from . import limits
from .document import Document
from .positions import Encoding, Place

TOO_LARGE = "This file is too large for suggestions."
TOO_MANY = "Too many files are open for suggestions in this one. Close some, and open it again."
LOST = "This file was changed in more places at once than fimble follows. Close it and open it again."


class Documents:
    """Open documents by address, in the order in which they were opened."""

    def __init__(self, encoding: Encoding = "utf-16") -> None:
        self._encoding = encoding
        self._open: dict[str, Document] = {}
        self._characters = 0
        self._touches = itertools.count(1)

    def __iter__(self) -> Iterator[Document]:
        return iter(list(self._open.values()))

    def get(self, uri: str) -> Document | None:
        return self._open.get(uri)

    def open(self, uri: str, language: str, text: str, path: str = "") -> Document | None:
        """Keep a document; None when not even its name can be kept."""
        self.close(uri)
        language = language[: limits.LANGUAGE_CHARACTERS]
        if len(self._open) >= limits.DOCUMENTS or len(uri) > limits.URI_CHARACTERS:
            return None
        document = self._open[uri] = Document(uri, language, self._encoding, path)
        self.touch(document)
        self.replace(document, text)
        return document

    def touch(self, document: Document) -> None:
        """It is viewed or edited now."""
        document.touched = next(self._touches)

    def replace(self, document: Document, text: str) -> None:
        """Take another text for a document, if there is room for it."""
        document.refusal = self._refusal(len(text), len(text) - document.length)
        self._set(document, text if document.refusal is None else "")

    def change(self, document: Document, start: Place, end: Place, text: str) -> Place | None:
        """Replace what is between two places; returns where the new text ends, or None when the
        document's text is not known."""
        if document.refusal is not None:
            return None
        before = document.length
        document.refusal = self._refusal(before + len(text), len(text))
        if document.refusal is not None:
            self._set(document, "")
            return None
        place = document.change(start, end, text)
        self._characters += document.length - before
        return place

    def allow(self, document: Document, edits: int) -> bool:
        """Whether so many edits at once are followed; if not, the text is lost until it comes again."""
        lines = len(document.lines)
        if edits <= limits.EDITS and edits * (lines + document.length // lines) <= limits.EDIT_WORK:
            return True
        self._set(document, "")
        document.refusal = LOST
        return False

    def close(self, uri: str) -> None:
        if (document := self._open.pop(uri, None)) is not None:
            self._characters -= document.length

    def clear(self) -> None:
        """Forget all of them: a message that may have changed any was not read."""
        self._open.clear()
        self._characters = 0

    def _refusal(self, length: int, growth: int) -> str | None:
        if length > limits.DOCUMENT_CHARACTERS:
            return TOO_LARGE
        return TOO_MANY if self._characters + growth > limits.ALL_CHARACTERS else None

    def _set(self, document: Document, text: str) -> None:
        self._characters -= document.length
        document.replace(text)
        self._characters += document.length

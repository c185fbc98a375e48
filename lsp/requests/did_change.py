"""``textDocument/didChange``: apply the edits, then warm the cache up to where the last one ended."""

from __future__ import annotations

from lsprotocol import types

from ..documents import Document, Place
from ..positions import encode
from ..session import Session


def did_change(session: Session, params: types.DidChangeTextDocumentParams) -> None:
    document = session.documents.get(params.text_document.uri)
    if document is None:
        return
    cursor = Place(0, 0)
    for change in params.content_changes:
        cursor = _apply(document, change)
    document.version = params.text_document.version
    session.warm(document, cursor)


def _apply(document: Document, change: types.TextDocumentContentChangeEvent) -> Place:
    """Apply one change and return the place where its text ends."""
    if isinstance(change, types.TextDocumentContentChangeWholeDocument):
        document.replace(encode(change.text))
        return document.place(len(document.data))
    start, end = (Place(at.line, at.character) for at in (change.range.start, change.range.end))
    first = min(document.offset(start), document.offset(end))
    document.change(start, end, change.text)
    return document.place(first + len(encode(change.text)))

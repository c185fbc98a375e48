"""``textDocument/didChange``: apply the edits, then warm the cache up to where the user is."""

from __future__ import annotations

from collections.abc import Sequence

from lsprotocol import types

from ..document import Document
from ..positions import Place
from ..prefetch import warm
from ..session import Session


def did_change(session: Session, params: types.DidChangeTextDocumentParams) -> None:
    document = session.documents.get(params.text_document.uri)
    if document is None:
        return
    changes = params.content_changes
    cursor = apply(session, document, changes)
    # several edits are no typing, and edits elsewhere are a rename: neither says where the user is
    if cursor is not None and len(changes) == 1 and session.focus in (None, document.uri):
        document.cursor = cursor
        session.documents.touch(document)
        warm(session, document, cursor)


def apply(
    session: Session, document: Document, changes: Sequence[types.TextDocumentContentChangeEvent]
) -> Place | None:
    """Apply changes; returns where the last one's text ends, unless that is unknown."""
    documents, cursor = session.documents, None
    if not documents.allow(document, len(changes)):
        session.show_switches()
        return None
    for change in changes:
        if isinstance(change, types.TextDocumentContentChangeWholeDocument):
            documents.replace(document, change.text)
            cursor = None
        else:
            start, end = (Place(at.line, at.character) for at in (change.range.start, change.range.end))
            cursor = documents.change(document, start, end, change.text)
    return cursor

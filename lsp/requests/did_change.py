"""``textDocument/didChange``: apply the edits, then warm the cache up to where the user is."""

from __future__ import annotations

from collections.abc import Sequence

from lsprotocol import types

from ..document import Document
from ..positions import Place
from ..prefetch import warm
from ..session import Session

ASKED_SECONDS = 0.01
"""Most editors ask right behind the key, and then there is nothing to read ahead of the question."""


def did_change(session: Session, params: types.DidChangeTextDocumentParams) -> None:
    document = session.documents.get(params.text_document.uri)
    if document is None:
        return
    changes = params.content_changes
    session.rests.end(document.uri)
    cursor = apply(session, document, changes)
    # several edits are no typing, and edits elsewhere are a rename: neither says where the user is
    if cursor is not None and len(changes) == 1 and session.focus in (None, document.uri):
        document.cursor = cursor
        session.documents.touch(document)
        note_rhythm(session, changes[0].text)
        warm(session, document, cursor, ASKED_SECONDS)


def note_rhythm(session: Session, text: str) -> None:
    """One key puts in a character, perhaps with the bracket that closes it, or a line's end and indentation;
    or it deletes. Longer text was taken or pasted."""
    if len(text) <= 2 or not text.strip():
        session.counters.keys += 1
        session.pace.key()
    else:
        session.pace.edited()


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

"""``textDocument/didOpen``: keep the document; the model reads it if nothing else is in use."""

from __future__ import annotations

from lsprotocol import types

from ..positions import Place
from ..prefetch import warm
from ..session import Session


def did_open(session: Session, params: types.DidOpenTextDocumentParams) -> None:
    sent = params.text_document
    document = session.open(sent.uri, sent.language_id, sent.text)
    if document is not None and session.focus in (None, sent.uri):
        warm(session, document, Place(0, 0))

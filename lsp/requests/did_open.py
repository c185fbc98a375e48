"""``textDocument/didOpen``: keep the document, and have the model read it before it is asked."""

from __future__ import annotations

from lsprotocol import types

from ..documents import Place
from ..session import Session


def did_open(session: Session, params: types.DidOpenTextDocumentParams) -> None:
    sent = params.text_document
    document = session.documents.open(sent.uri, sent.language_id, sent.version, sent.text)
    session.warm(document, Place(0, 0))

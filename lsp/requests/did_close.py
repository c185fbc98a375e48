"""``textDocument/didClose``: forget the document and all that was kept for it."""

from __future__ import annotations

from lsprotocol import types

from ..session import Session


def did_close(session: Session, params: types.DidCloseTextDocumentParams) -> None:
    session.forget(params.text_document.uri)

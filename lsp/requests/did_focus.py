"""``textDocument/didFocus``: another document is looked at; the model reads it where the user was in it."""

from __future__ import annotations

from typing import Any

from ..positions import Place
from ..prefetch import warm
from ..session import Session
from .fields import text_at


def did_focus(session: Session, params: Any) -> None:
    uri = text_at(params, "textDocument", "uri")
    if uri == session.focus:
        return
    session.focus_on(uri)
    document = session.documents.get(uri) if uri else None
    if document is not None:
        session.documents.touch(document)
        warm(session, document, document.cursor or Place(0, 0))

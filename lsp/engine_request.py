"""From a snapshot to the engine's request, with what other open files say."""

from __future__ import annotations

from fimble.engine.types import FimRequest, Snippet

from .context.request import build_request
from .context.snippets import related
from .document import Document
from .session import Session
from .snapshot import Snapshot


def engine_request(
    session: Session, document: Document, snapshot: Snapshot, invoked: bool = False
) -> FimRequest:
    """What the engine is asked for a place in a document."""
    snippets: tuple[Snippet, ...] = ()
    if session.options.context_files:
        snippets = related(
            document, session.documents, session.outlines, lambda other: session.reason(other) is None
        )
    return build_request(snapshot, document.path, snippets, invoked)

"""What is asked of the engine for a snapshot of a document."""

from __future__ import annotations

import re

from fimble.engine.types import FimRequest, Mode, Snippet

from ..document import Document
from ..session import Session
from ..snapshot import Snapshot
from .snippets import related

_WORD = re.compile(r"\w")


def engine_request(
    session: Session, document: Document, snapshot: Snapshot, invoked: bool = False
) -> FimRequest:
    """What the engine is asked for a place in a document."""
    return build_request(snapshot, document.path, snippets_for(session, document), invoked)


def build_request(
    snapshot: Snapshot, path: str, snippets: tuple[Snippet, ...], invoked: bool = False
) -> FimRequest:
    """The same, from all that goes into it."""
    return FimRequest(
        prefix=snapshot.prefix,
        suffix=snapshot.suffix,
        language=snapshot.language,
        path=path,
        snippets=snippets,
        mode=mode_for(snapshot, invoked),
        document=snapshot.uri,
        left_out=snapshot.left_out,
        invoked=invoked,
    )


def snippets_for(session: Session, document: Document) -> tuple[Snippet, ...]:
    """What other open files say that may be read, unless the user does not want it."""
    if not session.options.context_files:
        return ()
    return related(document, session.documents, session.outlines, lambda other: session.reason(other) is None)


def mode_for(snapshot: Snapshot, invoked: bool) -> Mode:
    """Who asks by hand at a line's end wants several lines; otherwise the syntax at the cursor decides."""
    return "block" if invoked and not snapshot.suffix.partition("\n")[0].strip() else "auto"


def inside_word(snapshot: Snapshot) -> bool:
    """Whether the cursor stands before the rest of a word, where a suggestion would only be in the way."""
    return bool(_WORD.match(snapshot.suffix[:1]))

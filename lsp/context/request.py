"""What is asked of the engine for a snapshot of a document."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from fimble.engine.settings import Settings
from fimble.engine.types import FimRequest, Mode, Snippet

from ..document import Document
from ..session import Session
from ..snapshot import Snapshot
from .exclusion import path_of

_WORD = re.compile(r"\w")


def engine_request(
    session: Session, document: Document, snapshot: Snapshot, invoked: bool = False
) -> FimRequest:
    """What the engine is asked for a place in a document."""
    settings = session.engine.settings or Settings()
    made = build_request(snapshot, document.path, invoked)
    folder = workspace_of(session, document)
    return replace(
        made,
        workspace=None if folder is None else str(folder),
        beside=beside(session, document, folder),
        context=session.options.context_files,
        eagerness=None if invoked else settings.eagerness,
        in_comments=settings.comments == "on" or (invoked and settings.comments == "manual"),
        taken=session.outcomes.of(document.uri),
    )


def build_request(snapshot: Snapshot, path: str, invoked: bool = False) -> FimRequest:
    """The same, from a snapshot alone."""
    return FimRequest(
        prefix=snapshot.prefix,
        suffix=snapshot.suffix,
        language=snapshot.language,
        path=path,
        mode=mode_for(snapshot, invoked),
        document=snapshot.uri,
        left_out=snapshot.left_out,
        invoked=invoked,
    )


def workspace_of(session: Session, document: Document) -> Path | None:
    """The workspace's folder that holds a document."""
    path = path_of(document.uri)
    return session.switches.exclusion.folder_of(path) if path is not None else None


def beside(session: Session, document: Document, folder: Path | None) -> tuple[Snippet, ...]:
    """Texts of other open files of the same folder that may be read, unless the user does not want it."""
    if not session.options.context_files:
        return ()

    def may_read(other: Document) -> bool:
        return workspace_of(session, other) == folder and session.reason(other) is None

    return session.beside.get(document, session.documents, may_read)


def mode_for(snapshot: Snapshot, invoked: bool) -> Mode:
    """Who asks by hand at a line's end wants several lines; otherwise the syntax at the cursor decides."""
    return "block" if invoked and not snapshot.suffix.partition("\n")[0].strip() else "auto"


def inside_word(snapshot: Snapshot) -> bool:
    """Whether the cursor stands before the rest of a word, where a suggestion would only be in the way."""
    return bool(_WORD.match(snapshot.suffix[:1]))

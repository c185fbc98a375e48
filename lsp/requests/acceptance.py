"""What clients tell of a suggestion: shown, accepted in part, accepted.

The item's command reports a whole acceptance (``workspace/executeCommand``). The notifications
``textDocument/didShowCompletion`` and ``textDocument/didPartiallyAcceptCompletion`` are those of
Copilot's language server; ``acceptedLength`` counts UTF-16 units from the start of the text.
"""

from __future__ import annotations

from typing import Any

from ..positions import utf16_length_to_characters
from ..retention import measure
from ..session import Session


def shown(session: Session, params: Any) -> None:
    if (id := _id_of(params)) is not None:
        session.statistics.shown(id)


def partially_accepted(session: Session, params: Any) -> None:
    id, units = _id_of(params), getattr(params, "acceptedLength", None)
    if id is not None and isinstance(units, int):
        found = session.suggestion(id)
        text = found[1].text if found else ""
        session.statistics.accepted(id, utf16_length_to_characters(text, units) if text else units)


def accepted(session: Session, id: str) -> None:
    """All of it was taken: count it, and look later whether it was kept."""
    session.counters.accepted += 1
    length = session.statistics.accepted(id)
    found = session.suggestion(id)
    if found is not None and length:
        session.spawn(_note_retained(session, id, length))


async def _note_retained(session: Session, id: str, length: int) -> None:
    found = session.suggestion(id)
    if found is None:
        return
    uri, suggestion = found
    kept = await measure(session.documents, uri, suggestion, length)
    if kept is not None:
        session.statistics.retained(id, kept)


def _id_of(params: Any) -> str | None:
    """The suggestion's id from the item's command, which clients send back as they got it."""
    try:
        id = params.item.command.arguments[0]
    except (AttributeError, IndexError, TypeError):
        return None
    return id if isinstance(id, str) else None

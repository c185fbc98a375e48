"""What clients tell of a suggestion: shown, accepted in part, accepted.

The item's command reports a whole acceptance (``workspace/executeCommand``). The notifications
``textDocument/didShowCompletion`` and ``textDocument/didPartiallyAcceptCompletion`` are those of
Copilot's language server; ``acceptedLength`` counts UTF-16 units from the start of the text.
"""

from __future__ import annotations

from ..positions import index_of
from ..retention import measure
from ..session import Session
from ..suggestions import Suggestion
from .fields import field_at, text_at

_ID = ("item", "command", "arguments", 0)
"""Where the suggestion's id is: in its command, which clients send back as they got it."""


def shown(session: Session, params: object) -> None:
    if (id := text_at(params, *_ID)) is not None:
        session.statistics.shown(id)


def partially_accepted(session: Session, params: object) -> None:
    id, units = text_at(params, *_ID), field_at(params, "acceptedLength")
    if id is not None and isinstance(units, int):
        accepted_in_part(session, id, units)


def accepted_in_part(session: Session, id: str, units: int) -> None:
    """So much of its beginning was taken, in UTF-16 units."""
    offered = session.memory.offered(id)
    if offered is not None and units > 0:
        session.outcomes.accepted(offered)
        session.statistics.accepted(offered.id, index_of(offered.text, units, "utf-16"))


def accepted(session: Session, id: str) -> None:
    """All of it was taken: count it, and look later whether it was kept."""
    taken = session.memory.accept(id)
    if taken is None:
        return
    session.counters.accepted += 1
    session.outcomes.accepted(taken)
    if session.statistics.accepted(id, len(taken.text)):
        session.tasks.spawn(_note_retained(session, taken))


async def _note_retained(session: Session, accepted: Suggestion) -> None:
    kept = await measure(session.documents, accepted.uri, accepted, len(accepted.text))
    if kept is not None:
        session.statistics.retained(accepted.id, kept)

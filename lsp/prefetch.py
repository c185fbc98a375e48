"""What the model does before it is asked: read what is new, and suggest what follows a suggestion."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from fimble.engine.engine import Engine
from fimble.engine.errors import FimbleError
from fimble.engine.types import FimRequest

from . import limits
from .context.request import engine_request
from .document import Document
from .origins import origin_of
from .positions import Place
from .session import Session
from .snapshot import Snapshot

PREFETCH_AFTER_SECONDS = 0.05
"""Whoever types on at once does not want what follows the suggestion."""


def warm(session: Session, document: Document, place: Place) -> None:
    """Have the model read the prompt for a place ahead of the request that may come for it."""
    engine = session.engine.running
    if engine is not None and session.reason(document) is None:
        session.tasks.spawn_ahead(engine.warm(engine_request(session, document, document.snapshot(place))))


def prefetch(session: Session, after: Snapshot) -> None:
    """Prepare the suggestion for when the one that is shown was accepted, so that it is there at once."""
    engine, document = session.engine.running, session.documents.get(after.uri)
    if engine is None or document is None or not session.options.prefetch:
        return
    if session.memory.find(after) is None:
        request = replace(engine_request(session, document, after), ahead=True)
        session.tasks.spawn_ahead(_fetch(session, engine, request, after))


async def _fetch(session: Session, engine: Engine, request: FimRequest, after: Snapshot) -> None:
    memory = session.memory
    await asyncio.sleep(PREFETCH_AFTER_SECONDS)
    session.counters.model_runs += 1
    try:
        completion = await engine.complete(request)
    except FimbleError:
        return
    session.counters.add(completion.usage)
    if len(completion.text) <= limits.SUGGESTION_CHARACTERS:
        memory.add(completion.text, after, origin_of(completion))

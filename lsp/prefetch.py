"""What the model does before it is asked: read what is new, and suggest what follows a suggestion."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

from fimble.engine.engine import Engine
from fimble.engine.errors import FimbleError

from . import limits
from .context.request import engine_request
from .document import Document
from .origins import origin_of
from .positions import Place
from .session import Session
from .snapshot import Snapshot

PREFETCH_AFTER_SECONDS, SAVING_SECONDS = 0.05, 0.5
"""Whoever types on at once does not want what follows the suggestion. On its battery the machine waits until
the suggestion is likely to be taken: somebody looks at it."""
_INDENTED = re.compile(r"^[ \t]+(?=\S)", re.M)
_OPENS = (":", "{", "(", "[")
_LOOKED_AT = 4_000


def warm(session: Session, document: Document, place: Place, after: float = 0.0) -> None:
    """Have the model read the prompt for a place ahead of the request that may come for it; ``after`` so many
    seconds."""
    session.tasks.spawn_ahead(_warm(session, document, place, after))


async def _warm(session: Session, document: Document, place: Place, after: float) -> None:
    await asyncio.sleep(after)
    engine, still_open = session.engine.running, session.documents.get(document.uri) is document
    if engine is not None and still_open and session.reason(document) is None:
        await engine.warm(engine_request(session, document, document.snapshot(place)))


def prefetch(session: Session, after: Snapshot) -> None:
    """Prepare the suggestion for when the one that is shown was accepted, so that it is there at once."""
    engine, document = session.engine.running, session.documents.get(after.uri)
    if engine is None or document is None or not session.options.prefetch:
        return
    if session.memory.find(after) is None:
        session.tasks.spawn_ahead(_prepare(session, engine, document, after))


async def _prepare(session: Session, engine: Engine, document: Document, after: Snapshot) -> None:
    """Fetch what follows; where that is nothing at a line's end, what begins the next line."""
    await asyncio.sleep(SAVING_SECONDS if session.power.saving else PREFETCH_AFTER_SECONDS)
    made = await _fetch(session, engine, document, after)
    following = next_line(after) if made == "" and not session.power.saving else None
    if following is not None and session.memory.find(following) is None:
        await _fetch(session, engine, document, following)


async def _fetch(session: Session, engine: Engine, document: Document, after: Snapshot) -> str | None:
    """Have a suggestion made and remembered; None when that failed."""
    memory = session.memory
    session.counters.model_runs += 1
    try:
        completion = await engine.complete(replace(engine_request(session, document, after), ahead=True))
    except FimbleError:
        return None
    session.counters.add(completion.usage)
    if len(completion.text) <= limits.SUGGESTION_CHARACTERS:
        memory.add(completion.text, after, origin_of(completion))
    return completion.text


def next_line(now: Snapshot) -> Snapshot | None:
    """Where the cursor will be when the line's end is typed, as editors indent; None inside a line, and in an
    empty one."""
    line = now.prefix.rpartition("\n")[2]
    if not line.strip() or now.suffix.partition("\n")[0].strip():
        return None
    indentation = line[: len(line) - len(line.lstrip())]
    if line.rstrip().endswith(_OPENS):
        found = _INDENTED.findall(now.prefix[-_LOOKED_AT:])
        indentation += "\t" if "\t" in "".join(found) else min(found, key=len, default="    ")
    newline = "\r\n" if "\r\n" in now.prefix[-_LOOKED_AT:] else "\n"
    return now.typed(newline + indentation)

"""Making suggestions for a place: known already, or asked of the engine; right for the text as it is now."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from dataclasses import replace

from fimble.engine.engine import Engine
from fimble.engine.errors import FimbleError, Superseded
from fimble.engine.types import Completion, FimRequest, Sampling

from .context.request import inside_word
from .documents import Document, Place, Snapshot
from .positions import encode
from .session import Session
from .suggestions import Suggestion

log = logging.getLogger(__name__)
VARIETY = 0.7
"""Temperature of the further suggestions when several are asked for by hand."""
PREFETCH_AFTER_SECONDS = 0.05
"""Whoever types on at once does not want what follows the suggestion."""

Found = tuple[list[Suggestion], Place]


async def suggest(session: Session, uri: str, place: Place, invoked: bool) -> Found | None:
    """Suggestions, the best first, and where they go in the document's current version; or None."""
    document = session.documents.get(uri)
    if document is None:
        return None
    if session.focus != uri:
        session.focus_on(uri)
    if session.off(document):
        return None
    session.counters.requests += 1
    snapshot = document.snapshot(place)
    if inside_word(snapshot) and not invoked:
        return None
    began = time.perf_counter()
    known = session.memory(uri).find(snapshot)
    if known is not None and not invoked:
        made, source = [known], "memory"
        session.counters.from_memory += 1
    else:
        made, source = await _ask(session, document, snapshot, invoked), "model"
    made = [each for each in made if each.text]
    found = _for_current_text(session, snapshot, made) if made else None
    if found is not None:
        _note(session, found[0], document.language, source, (time.perf_counter() - began) * 1000)
        _prefetch(session, document, found[0][0])
    return found


async def _ask(session: Session, document: Document, snapshot: Snapshot, invoked: bool) -> list[Suggestion]:
    """Ask the engine: once, or several times when the user asked by hand."""
    await session.engine.configured.wait()
    engine = session.engine.running
    if engine is None or document.version != snapshot.version:
        return []
    request = session.request(document, snapshot, invoked)
    made: list[Suggestion] = []
    try:
        with session.status.thinking():
            for each in _variants(request, session.options.candidates if invoked else 1):
                completion = await engine.complete(each)
                _count(session, completion)
                if not made or completion.text not in [suggestion.text for suggestion in made]:
                    memory = session.memory(snapshot.uri)
                    made.append(memory.add(completion.text, snapshot.prefix, snapshot.suffix))
    except Superseded:
        return []
    except FimbleError as error:
        session.engine.failed(error)
    return made


def _variants(request: FimRequest, count: int) -> Iterator[FimRequest]:
    """The request itself, then the same with chance in it."""
    yield request
    for seed in range(1, count):
        yield replace(request, sampling=Sampling(temperature=VARIETY, top_p=0.95, seed=seed))


def _for_current_text(session: Session, asked: Snapshot, made: list[Suggestion]) -> Found | None:
    """Clients that do not cancel ask for one text and show the answer in another: make it fit, or drop it."""
    document = session.documents.get(asked.uri)
    if document is None:
        return None
    if document.version == asked.version:
        return made, asked.place
    end = len(document.data) - len(encode(asked.suffix))
    if end < 0:
        return None
    now = document.snapshot(document.place(end))
    still = session.memory(asked.uri).find(now)
    return ([still], now.place) if still is not None and still.text else None


def _note(session: Session, made: list[Suggestion], language: str, source: str, latency_ms: float) -> None:
    session.counters.suggestions += 1
    for suggestion in made:
        session.statistics.add(suggestion.id, language, source, latency_ms, len(suggestion.text))


def _count(session: Session, completion: Completion) -> None:
    usage, counters = completion.usage, session.counters
    counters.prompt_tokens += usage.prompt_tokens
    counters.cached_tokens += usage.cached_tokens
    counters.completion_tokens += usage.completion_tokens
    log.debug("%d characters, %s, %s", len(completion.text), usage, completion.timings)


def _prefetch(session: Session, document: Document, shown: Suggestion) -> None:
    """Prepare what follows once the suggestion is accepted, so that it is there at once."""
    engine = session.engine.running
    if engine is None or not session.options.prefetch:
        return
    after = Snapshot(
        document.uri,
        document.version,
        document.language,
        shown.prefix + shown.text,
        shown.suffix,
        Place(0, 0),
    )
    if session.memory(document.uri).find(after) is None:
        request = session.request(document, after)
        session.ahead(document.uri, _fetch(session, engine, replace(request, mode="auto", ahead=True), after))


async def _fetch(session: Session, engine: Engine, request: FimRequest, after: Snapshot) -> None:
    await asyncio.sleep(PREFETCH_AFTER_SECONDS)
    try:
        completion = await engine.complete(request)
    except FimbleError:
        return
    _count(session, completion)
    session.memory(after.uri).add(completion.text, after.prefix, after.suffix)

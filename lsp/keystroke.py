"""One keystroke, from what the editor asks to what it shows, read from top to bottom.

Snapshot, may it be suggested for, is the answer known, a pause in typing, what the engine is told, asking,
is it still right, showing. Each stage is a function; :func:`suggest` calls them in this order.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from fimble.engine.engine import Engine
from fimble.engine.errors import EngineClosed, FimbleError, Superseded
from fimble.engine.types import Completion, FimRequest, Sampling

from . import limits
from .asks import Question
from .context.request import engine_request, inside_word
from .document import Document
from .origins import origin_of
from .pace import Word
from .positions import Place
from .prefetch import prefetch
from .session import Session
from .snapshot import Snapshot
from .suggestions import Suggestion, SuggestionMemory

log = logging.getLogger(__name__)
VARIETY = 0.7
"""Temperature of the further suggestions when several are asked for by hand."""


@dataclass(frozen=True, slots=True)
class Selected:
    """The item that is selected in the editor's menu: ``text`` would replace ``start`` to ``end``."""

    start: Place
    end: Place
    text: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What the editor asks for. ``invoked``: by hand, and not by typing."""

    uri: str
    place: Place
    invoked: bool = False
    selected: Selected | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """Suggestions, the best first, for the place that ``snapshot`` is of."""

    suggestions: list[Suggestion]
    snapshot: Snapshot


async def suggest(session: Session, wish: Wish) -> Offer | None:
    """What to show, or None."""
    began = time.perf_counter()
    taken = snapshot_of(session, wish)
    if taken is None:
        return None
    document, snapshot = taken
    if session.outcomes.look(snapshot):
        session.pace.doubt(word_at(snapshot))
    await session.engine.configured.wait()
    if document.revision != snapshot.revision or not may_suggest(session, document, snapshot, wish.invoked):
        return None
    known = None if wish.invoked else session.memory.find(snapshot)
    if known is not None:
        session.counters.from_memory += 1
        made, source = [known], "memory"
    else:
        if not wish.invoked and not await undisturbed(session, snapshot):
            return None
        made, source = await ask(session, document, snapshot, wish.invoked), "model"
        if not any(each.text for each in made):
            session.pace.doubt(word_at(snapshot))
    offer = still_right(session, snapshot, made)
    if offer is not None:
        show(session, offer, source, (time.perf_counter() - began) * 1000)
    return offer


def snapshot_of(session: Session, wish: Wish) -> tuple[Document, Snapshot] | None:
    """The document and its text around the cursor, with the menu's selected item as if it were taken."""
    document, selected = session.documents.get(wish.uri), wish.selected
    if document is None:
        return None
    document.cursor = wish.place
    session.documents.touch(document)
    if selected is None:
        return document, document.snapshot(wish.place)
    around = selected.start <= wish.place <= selected.end and selected.start.line == selected.end.line
    if not around or len(selected.text) > limits.SELECTED_CHARACTERS:
        return None
    return document, document.snapshot(selected.start, selected.end, selected.text)


def may_suggest(session: Session, document: Document, snapshot: Snapshot, invoked: bool) -> bool:
    """Whether the switches, the privacy rules and the place allow a suggestion."""
    if session.focus_on(document.uri) is not None:
        return False
    session.counters.requests += 1
    return invoked or not inside_word(snapshot)


async def undisturbed(session: Session, snapshot: Snapshot) -> bool:
    """Wait for a pause in typing, where the pace asks for one; whether nothing came in between."""
    debounce = session.options.debounce
    saving = session.power.saving
    seconds = session.pace.delay(word_at(snapshot), not snapshot.word, debounce, saving)
    return await session.rests.rest(snapshot.uri, Question.about(snapshot, invoked=False), seconds)


def word_at(snapshot: Snapshot) -> Word:
    """The word before the cursor, as the pace knows it again."""
    return snapshot.uri, snapshot.before - len(snapshot.word)


async def ask(session: Session, document: Document, snapshot: Snapshot, invoked: bool) -> list[Suggestion]:
    """What the engine suggests: one text, or several when the user asked by hand."""
    engine = session.engine.running
    if engine is None:
        return []
    request = engine_request(session, document, snapshot, invoked)
    variants = variants_of(request, session.options.candidates if invoked else 1)

    async def work(add: Callable[[Suggestion], None]) -> None:
        with session.status.thinking():
            await ask_engine(session, engine, snapshot, variants, add)

    session.tasks.stop_ahead()
    return await session.asks.answer(document.uri, Question.about(snapshot, invoked), work)


def variants_of(request: FimRequest, count: int) -> list[FimRequest]:
    """The request itself, then the same with chance in it."""
    chances = ((i, Sampling(temperature=VARIETY, top_p=0.95, seed=i)) for i in range(1, count))
    return [request, *(replace(request, sampling=chance, variant=i) for i, chance in chances)]


async def ask_engine(
    session: Session,
    engine: Engine,
    snapshot: Snapshot,
    variants: list[FimRequest],
    add: Callable[[Suggestion], None],
) -> None:
    """Have the engine answer all variants at the same time; hand over what is new, in their order."""
    memory, pace, texts = session.memory, session.pace, list[str]()
    began = pace.clock()
    session.counters.model_runs += len(variants)
    answers = [asyncio.create_task(engine.complete(request)) for request in variants]
    try:
        for number, answer in enumerate(answers):
            completion = await answer
            session.counters.add(completion.usage)
            session.engine.succeeded(completion.model)
            if number == 0:
                pace.answered(pace.clock() - began)
            if number == 0 or is_another(completion, texts):
                texts.append(completion.text)
                add(remember(memory, completion, snapshot))
    except (Superseded, EngineClosed):
        return
    except FimbleError as error:
        session.engine.failed(error)
    finally:
        for answer in answers:
            answer.cancel()
        await asyncio.gather(*answers, return_exceptions=True)


def is_another(completion: Completion, earlier: list[str]) -> bool:
    """Whether it adds something to choose from: no beginning of another one, no text that was cut off."""
    text = completion.text.rstrip()
    return (
        bool(text) and completion.finish_reason != "length" and not any(e.startswith(text) for e in earlier)
    )


def remember(memory: SuggestionMemory, completion: Completion, snapshot: Snapshot) -> Suggestion:
    text = completion.text if len(completion.text) <= limits.SUGGESTION_CHARACTERS else ""
    return memory.add(text, snapshot, origin_of(completion))


def still_right(session: Session, asked: Snapshot, made: list[Suggestion]) -> Offer | None:
    """Clients that do not cancel ask for one text and show the answer in another: make it fit, or drop it."""
    document = session.documents.get(asked.uri)
    made = [each for each in made if each.text]
    if document is None or not made:
        return None
    if document.revision == asked.revision:
        return Offer(made, asked)
    if asked.inserted or document.length < asked.behind:
        return None
    now = document.snapshot(document.place(document.length - asked.behind))
    still = session.memory.find(now)
    return Offer([still], now) if still is not None and still.text else None


def show(session: Session, offer: Offer, source: str, latency_ms: float) -> None:
    """Count each suggestion when it is shown first, and prepare what follows when it is accepted."""
    for suggestion in offer.suggestions:
        if session.memory.offer(suggestion):
            session.counters.suggestions += 1
            language, length = offer.snapshot.language, len(suggestion.text)
            session.statistics.add(suggestion.id, language, source, latency_ms, length, suggestion.origin)
    session.counters.shown += 1
    session.counters.changed += session.outcomes.shown(offer.suggestions[0])
    prefetch(session, offer.snapshot.typed(offer.suggestions[0].text))

"""One person's client of a server: what is asked after a key, and what is known without asking."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp

from .sheet import Sheet
from .vim import Cache, context_of, request_of


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a key. ``known``: without asking the server. ``engine_ms``: what the engine itself took,
    as it says."""

    read: int = 0
    made: int = 0
    engine_ms: float = 0.0
    known: bool = False


class Client(Protocol):
    async def ask(self, sheet: Sheet) -> Answer | None:
        """A suggestion at the cursor; None when it was refused."""
        ...


MakeClient = Callable[[aiohttp.ClientSession], Client]
"""One more person's client of a server."""


class FimbleClient:
    """Asks ``POST /complete``. What a document's answers say already, the server remembers, if the document
    is ``named``."""

    def __init__(self, session: aiohttp.ClientSession, named: bool = True) -> None:
        self._session, self._named = session, named

    async def ask(self, sheet: Sheet) -> Answer | None:
        body = sheet.body(sheet.name if self._named else None)
        found = await _post(self._session, "/complete", body)
        if found is None:
            return None
        usage, timings = found["usage"], found["timings"]
        read = usage["prompt_tokens"] - usage["cached_tokens"]
        return Answer(read, usage["completion_tokens"], timings["total_ms"])


class LlamaClient:
    """Asks ``POST /infill`` as llama.vim does, where its cache has nothing."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session, self._cache = session, Cache()

    async def ask(self, sheet: Sheet) -> Answer | None:
        context = context_of(sheet)
        if self._cache.find(context) is not None:
            return Answer(known=True)
        found = await _post(self._session, "/infill", request_of(context))
        if found is None:
            return None
        self._cache.insert(context, found["content"])
        return Answer(found["timings/prompt_n"], found["timings/predicted_n"])


async def _post(session: aiohttp.ClientSession, path: str, body: bytes) -> dict[str, Any] | None:
    """The answer; None for an error, or where the server went away."""
    try:
        async with session.post(path, data=body) as response:
            data = await response.read()
            return dict(json.loads(data)) if response.status == 200 else None
    except aiohttp.ClientError:
        return None

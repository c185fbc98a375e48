"""Searching the web, for the plugin ``web``: a server that speaks as SearXNG does is asked for JSON.

What is searched for is a part of somebody's conversation: it goes to that server and into no log.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from .errors import ApiError, overloaded
from .json_bounds import too_many_values
from .limits import (
    MAX_VALUES,
    SEARCH_BYTES,
    SEARCH_QUERY,
    SEARCH_SECONDS,
    SEARCH_SNIPPET,
    SEARCH_TITLE,
    SEARCH_URL,
    SEARCHES,
)

_TROUBLE = (TimeoutError, aiohttp.ClientError, HttpProcessingError, OSError, EOFError, ValueError)


class _Unusable(ValueError):
    """It answers, but not as a search does; the message says how."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a search tells of a page; ``snippet`` is what it says there."""

    url: str
    title: str
    snippet: str


class WebSearch:
    """One search engine. ``address`` is that of its endpoint."""

    def __init__(self, address: str) -> None:
        self._address = URL(address)
        self._places = asyncio.Semaphore(SEARCHES)

    async def find(self, query: str, most: int) -> list[Page]:
        """The first pages that have been found. Raises 503 where the search cannot be had."""
        try:
            async with asyncio.timeout(SEARCH_SECONDS), self._places:
                text = await self._fetched(_line(query, SEARCH_QUERY))
            return _pages(text)[:most]
        except _TROUBLE as error:
            raise _unavailable(error) from error

    async def _fetched(self, query: str) -> bytes:
        # a session for each search: there are few, and none waits for cookies or connections of another
        address = self._address.with_query(q=query, format="json")
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        async with (
            aiohttp.ClientSession(auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.get(address, headers=headers, allow_redirects=False) as response,
        ):
            if response.status != 200:
                raise _Unusable(f"it answered with status {response.status}")
            if response.content_type != "application/json":
                raise _Unusable("it sent no JSON")
            return await _bounded(response)


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    held = bytearray()
    async for chunk in response.content.iter_any():
        held += chunk
        if len(held) > SEARCH_BYTES:
            raise _Unusable("its answer is far too long")
    return bytes(held)


def _pages(text: bytes) -> list[Page]:
    """The pages in an answer, each once. Raises :class:`_Unusable` for what no search answers."""
    if too_many_values(text, MAX_VALUES):
        raise _Unusable("its answer is far too long")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _Unusable("it sent no JSON") from error
    results = found.get("results") if isinstance(found, dict) else None
    if not isinstance(results, list):
        raise _Unusable("it sent no results")
    found_at: dict[str, Page] = {}
    for page in map(_page, results):
        if page is not None:
            found_at.setdefault(page.url, page)
    return list(found_at.values())


def _page(result: object) -> Page | None:
    """None for what is no page of the web."""
    if not isinstance(result, dict):
        return None
    url, title, snippet = (result.get(name) for name in ("url", "title", "content"))
    if not isinstance(url, str) or not url.startswith(("http://", "https://")) or len(url) > SEARCH_URL:
        return None
    if not url.isprintable() or " " in url:
        return None
    return Page(url, _line(title, SEARCH_TITLE) or url, _line(snippet, SEARCH_SNIPPET))


def _line(text: object, most: int) -> str:
    """A text in one line without what cannot be printed, cut where it is too long."""
    if not isinstance(text, str):
        return ""
    plain = "".join(each if each.isprintable() else " " for each in text[: 4 * most])
    return " ".join(plain.split())[:most]


def _unavailable(error: Exception) -> ApiError:
    reason = "it cannot be reached"
    if isinstance(error, _Unusable):
        reason = str(error)
    elif isinstance(error, TimeoutError):
        reason = "it did not answer in time"
    message = f"The search of this server failed: {reason}. Leave out the plugin `web`, or try again."
    return overloaded("upstream_unavailable", message)

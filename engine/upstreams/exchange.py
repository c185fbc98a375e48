"""Requests and answers over HTTP, each within bounds of size and time.

An answer that nobody waits for any longer ends with its connection, and so does the work behind it. Where the
server ends it by itself, when the next request for the same document comes, it is read to its end for a
moment instead, so that the connection can be used again.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Callable, Coroutine
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from ..errors import FimbleError, SettingsError, UpstreamUnavailable
from ..limits import (
    UPSTREAM_ANSWER_SECONDS,
    UPSTREAM_CONNECT_SECONDS,
    UPSTREAM_DRAIN_SECONDS,
    UPSTREAM_DRAINED,
)
from .base import Ask
from .complaints import Complaints
from .failures import Failure, failure_in
from .framing import CONTENT_TYPES, document, items

_TROUBLE = (TimeoutError, aiohttp.ClientError, HttpProcessingError, OSError, EOFError, ValueError)
_JSON = {"Content-Type": "application/json"}

OnAnswer = Callable[[], None]
Said = asyncio.Queue[bytes | Exception | None]


class Exchanges:
    """Everything that goes to one server and comes from it. ``timeout`` is in seconds; ``on_answer`` hears
    of each answer to a request, also when nobody waits for it any longer. ``setting`` is where its address
    and key are written, for messages; ``program`` what is expected there; ``certificate`` a PEM file with the
    authority to trust instead of the usual ones."""

    def __init__(
        self,
        address: str,
        key: str | None,
        timeout: float,
        on_answer: OnAnswer,
        setting: str = "`engine`",
        program: str = "a fimble server",
        certificate: str = "",
    ) -> None:
        """Raises :class:`~..errors.SettingsError` for a certificate that cannot be read."""
        self.address = address
        self._complaints = Complaints(address, setting, program)
        self._timeout, self._on_answer = timeout, on_answer
        self._trusted = _trusting(certificate, setting) if certificate else True
        self._headers = {"Accept-Encoding": "identity"} | ({"Authorization": f"Bearer {key}"} if key else {})
        self._session: aiohttp.ClientSession | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._draining: set[asyncio.Task[None]] = set()

    async def get(self, path: str, body: bytes | None = None) -> bytes:
        """A JSON document, by ``POST`` with a body. Raises :class:`UpstreamError` and what a server's error
        stands for."""
        session, url = self._open(), self.address + path
        try:
            async with asyncio.timeout(self._timeout):
                sent = (
                    session.get(url, allow_redirects=False, ssl=self._trusted)
                    if body is None
                    else session.post(url, data=body, headers=_JSON, allow_redirects=False, ssl=self._trusted)
                )
                async with sent as response:
                    await self._check(response, CONTENT_TYPES["document"])
                    return await document(response)
        except _TROUBLE as error:
            raise self._complaints.away(error) from error

    async def answer(self, ask: Ask, ends_at: float | None = None) -> AsyncGenerator[bytes]:
        """Each event or line of the answer, until it is done.

        The timeout is for each of them; ``ends_at`` is by the loop's clock. An iterator that is closed early
        ends the connection, unless the server ends the answer by itself. Raises as :meth:`get` does.
        """
        said: Said = asyncio.Queue()
        task, leave_open = self._start(self._receive(ask, said)), ask.ends_itself
        try:
            while (item := await self._next(said, ends_at)) is not None:
                yield item
            leave_open = True
        except FimbleError:
            leave_open = False
            raise
        finally:
            self._leave(task, leave_open)

    def malformed(self, error: ValueError) -> UpstreamUnavailable:
        """The error for an answer that no such server gives."""
        return self._complaints.malformed(error)

    def failure(self, failure: Failure) -> FimbleError:
        """The engine's error for one in the middle of an answer."""
        return self._complaints.of_failure(failure)

    async def close(self) -> None:
        running, session, self._session = [*self._running], self._session, None
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        if session is not None:
            await session.close()

    async def _next(self, said: Said, ends_at: float | None) -> bytes | None:
        seconds = self._timeout
        if ends_at is not None:
            seconds = min(seconds, ends_at - asyncio.get_running_loop().time())
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                item = await said.get()
        except TimeoutError as error:
            if seconds < self._timeout:
                raise self._complaints.late() from error
            raise self._complaints.away(error) from error
        if isinstance(item, Exception):
            raise item
        return item

    async def _receive(self, ask: Ask, said: Said) -> None:
        """One whole answer, from the first byte to the last; its connection can be used again then."""
        try:
            async with asyncio.timeout(UPSTREAM_ANSWER_SECONDS), await self._sent(ask) as response:
                await self._check(response, CONTENT_TYPES[ask.framing])
                self._on_answer()
                async for item in items(response, ask):
                    said.put_nowait(item)
            said.put_nowait(None)
        except UpstreamUnavailable as error:
            said.put_nowait(error)
        except FimbleError as error:
            self._on_answer()
            said.put_nowait(error)
        except _TROUBLE as error:
            said.put_nowait(self._complaints.away(error))

    async def _sent(self, ask: Ask) -> aiohttp.ClientResponse:
        """The beginning of the answer. A connection that was kept may have been closed at its other end just
        now: then the request is sent once more, over a new one."""
        while True:
            way = _Way()
            try:
                return await self._open().post(
                    self.address + ask.path, data=ask.body, headers=_JSON, allow_redirects=False,
                    ssl=self._trusted, trace_request_ctx=way,
                )  # fmt: skip
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                if not way.kept:
                    raise

    async def _check(self, response: aiohttp.ClientResponse, kind: str) -> None:
        if response.status != 200:
            raise self._complaints.of_status(response.status, failure_in(await document(response)))
        if response.content_type != kind:
            raise ValueError(f"it sent {response.content_type[:80]} instead of {kind}")

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    def _leave(self, task: asyncio.Task[None], leave_open: bool) -> None:
        """Nobody waits for the answer any longer: read on for a moment, or end the connection."""
        if task.done():
            return
        if not leave_open or len(self._draining) >= UPSTREAM_DRAINED:
            task.cancel()
            return
        self._draining.add(task)
        end = asyncio.get_running_loop().call_later(UPSTREAM_DRAIN_SECONDS, task.cancel)
        task.add_done_callback(self._draining.discard)
        task.add_done_callback(lambda _: end.cancel())

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=None, sock_connect=UPSTREAM_CONNECT_SECONDS)
            # compressed answers are refused: a few bytes of them can be gigabytes
            self._session = aiohttp.ClientSession(
                headers=self._headers,
                timeout=timeout,
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                connector=aiohttp.TCPConnector(limit=0),
                trace_configs=[_watching()],
            )
        return self._session


@dataclass(slots=True)
class _Way:
    """How a request went out: ``kept`` is a connection that had been used before."""

    kept: bool = False


def _watching() -> aiohttp.TraceConfig:
    trace = aiohttp.TraceConfig()

    async def reused(session: aiohttp.ClientSession, context: SimpleNamespace, params: Any) -> None:
        way = context.trace_request_ctx
        if isinstance(way, _Way):
            way.kept = True

    trace.on_connection_reuseconn.append(reused)
    return trace


def _trusting(certificate: str, setting: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=certificate)
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"`certificate` of {setting}: {certificate} is no readable PEM file of certificates."
        ) from error

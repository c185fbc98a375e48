"""Requests and answers over HTTP, each within bounds of size and time.

An answer that nobody waits for any longer is read to its end for a moment, so that the connection can be
used again: the server ends it by itself when the next request for the same document comes.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from typing import Any

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from ..errors import (
    DeadlineExceeded,
    FimbleError,
    InvalidRequest,
    Overloaded,
    UpstreamRefused,
    UpstreamUnavailable,
)
from ..limits import (
    UPSTREAM_ANSWER_BYTES,
    UPSTREAM_ANSWER_SECONDS,
    UPSTREAM_CONNECT_SECONDS,
    UPSTREAM_DOCUMENT_BYTES,
    UPSTREAM_DRAIN_SECONDS,
    UPSTREAM_DRAINED,
    UPSTREAM_EVENT_BYTES,
)
from .wire import ErrorBody, Failure, read

_TROUBLE = (TimeoutError, aiohttp.ClientError, HttpProcessingError, OSError, EOFError, ValueError)
_END = b"[DONE]"

OnAnswer = Callable[[], None]


class Exchanges:
    """Everything that goes to one server and comes from it. ``timeout`` is in seconds; ``on_answer`` hears
    of each answer to a request, also when nobody waits for it any longer."""

    def __init__(self, address: str, key: str | None, timeout: float, on_answer: OnAnswer) -> None:
        self.address = address
        self._timeout, self._on_answer = timeout, on_answer
        self._headers = {"Accept-Encoding": "identity"} | ({"Authorization": f"Bearer {key}"} if key else {})
        self._session: aiohttp.ClientSession | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._draining: set[asyncio.Task[None]] = set()

    async def get(self, path: str) -> bytes:
        """A JSON document. Raises :class:`UpstreamError` and what a server's error stands for."""
        try:
            async with (
                asyncio.timeout(self._timeout),
                self._open().get(self.address + path, allow_redirects=False) as response,
            ):
                await self._check(response, "application/json")
                return await _document(response)
        except _TROUBLE as error:
            raise self.away(error) from error

    async def events(self, body: bytes, leave_open: bool) -> AsyncGenerator[bytes]:
        """The data of each event that ``POST /complete`` answers with, until the server says that it is done.

        The timeout is for each of them. With ``leave_open`` the connection outlives an iterator that is
        closed early. Raises as :meth:`get` does.
        """
        said: asyncio.Queue[bytes | Exception | None] = asyncio.Queue()
        task = self._start(self._receive(body, said))
        try:
            while (item := await self._next(said)) is not None:
                yield item
            leave_open = True
        except FimbleError:
            leave_open = False
            raise
        finally:
            self._leave(task, leave_open)

    def malformed(self, error: ValueError) -> UpstreamUnavailable:
        """The error for an answer that no fimble server gives."""
        return UpstreamUnavailable(
            f"{self.address} does not answer as a fimble server does: {_reason(error)}. "
            "Check the address in `engine`."
        )

    def away(self, error: BaseException) -> UpstreamUnavailable:
        """The error for a server that cannot be reached, or whose answer is of no use."""
        if isinstance(error, ValueError) and not isinstance(error, OSError | aiohttp.ClientError):
            return self.malformed(error)
        return UpstreamUnavailable(
            f"The server {self.address} cannot be reached: {_reason(error)}. "
            "Check that it runs, and its address in `engine`."
        )

    async def close(self) -> None:
        running, session, self._session = [*self._running], self._session, None
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        if session is not None:
            await session.close()

    async def _next(self, said: asyncio.Queue[bytes | Exception | None]) -> bytes | None:
        try:
            async with asyncio.timeout(self._timeout):
                item = await said.get()
        except TimeoutError as error:
            raise self.away(error) from error
        if isinstance(item, Exception):
            raise item
        return item

    async def _receive(self, body: bytes, said: asyncio.Queue[bytes | Exception | None]) -> None:
        """One whole answer, from the first byte to the last; its connection can be used again then."""
        headers = {"Content-Type": "application/json"}
        try:
            async with (
                asyncio.timeout(UPSTREAM_ANSWER_SECONDS),
                self._open().post(
                    self.address + "/complete", data=body, headers=headers, allow_redirects=False
                ) as response,
            ):
                await self._check(response, "text/event-stream")
                self._on_answer()
                done = False
                async for data in _events(response):
                    if not done:
                        done = data == _END
                        said.put_nowait(None if done else data)
                if not done:
                    raise EOFError("it ended in the middle of its answer")
        except UpstreamUnavailable as error:
            said.put_nowait(error)
        except FimbleError as error:
            self._on_answer()
            said.put_nowait(error)
        except _TROUBLE as error:
            said.put_nowait(self.away(error))

    async def _check(self, response: aiohttp.ClientResponse, kind: str) -> None:
        if response.status != 200:
            raise self._error_of(response.status, await _failure(response))
        if response.content_type != kind:
            raise ValueError(f"it sent {response.content_type[:80]} instead of {kind}")

    def _error_of(self, status: int, failure: Failure | None) -> FimbleError:
        """The engine's error for one of a server. Servers in between say no more than a status."""
        said = f"It said: {failure.said}" if failure else f"It answered with status {status}."
        if status in (401, 403):
            return UpstreamRefused(
                f"The server {self.address} refused the key; check `key` in the settings. {said}"
            )
        if status == 429 or (failure and failure.code == "overloaded"):
            return Overloaded(failure.said if failure else f"The server {self.address} takes no more now.")
        if status == 504 and failure:
            return DeadlineExceeded(failure.said)
        if 400 <= status < 500 and failure:
            return InvalidRequest(failure.said, failure.param)
        if 300 <= status < 500:
            return self.malformed(ValueError(f"it answered with status {status}"))
        return UpstreamUnavailable(f"The server {self.address} failed. {said}")

    def failure(self, failure: Failure) -> FimbleError:
        """The engine's error for one in the middle of an answer."""
        return self._error_of(503, failure)

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
            )
        return self._session


async def _events(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """The data of server-sent events, one line each as fimble sends them. Raises ``ValueError``."""
    held, searched, taken = bytearray(), 0, 0
    async for chunk in response.content.iter_any():
        held += chunk
        taken += len(chunk)
        while (end := held.find(b"\n", searched)) >= 0:
            line, searched = bytes(held[:end]), 0
            del held[: end + 1]
            _refuse(len(line) > UPSTREAM_EVENT_BYTES)
            if line.startswith(b"data:"):
                yield line[5:].strip()
        searched = len(held)
        _refuse(taken > UPSTREAM_ANSWER_BYTES or len(held) > UPSTREAM_EVENT_BYTES)


async def _document(response: aiohttp.ClientResponse) -> bytes:
    held = bytearray()
    async for chunk in response.content.iter_any():
        held += chunk
        _refuse(len(held) > UPSTREAM_DOCUMENT_BYTES)
    return bytes(held)


def _refuse(too_long: bool) -> None:
    if too_long:
        raise ValueError("its answer is far too long")


async def _failure(response: aiohttp.ClientResponse) -> Failure | None:
    """The error that a response tells of, if it is one of fimble's."""
    try:
        return read(await _document(response), ErrorBody).error
    except ValueError:
        return None


def _reason(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        return os.strerror(error.errno).lower()
    return " ".join(str(error).split())[:200] or type(error).__name__

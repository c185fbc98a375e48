"""A deployment on a Ray cluster as a backend: requests go to the replica that has read their beginning."""

from __future__ import annotations

import asyncio
import importlib.util
import math
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace

from ..deadline import deadline_of, with_rest
from ..errors import (
    DeadlineExceeded,
    EngineClosed,
    FimbleError,
    InvalidRequest,
    UpstreamUnavailable,
)
from ..limits import LATE_SECONDS
from ..serving import Serving
from ..types import Delta, FimRequest, ModelInfo, Request
from ..workers.codec import encode
from ..workers.messages import Ended, Opened, Piece, Reply, Run, Working
from .bundles import unbundled
from .knobs import AGENT
from .limits import MESSAGE_BYTES, PLACES, QUIET_SECONDS, REFUSED_SECONDS, SLOTS, TRIES
from .link import Link, LostReplica
from .machine import whereabouts
from .messages import Method
from .names import MISSING
from .sessions import session_of


class SilentReplica(LostReplica):
    """The replica gives no sign of life."""


@dataclass(slots=True)
class _Wait:
    """How long an answer is waited for, by the event loop's clock. Silence counts from the last piece."""

    timeout: float
    heard_at: float
    ends_at: float | None

    @property
    def late_at(self) -> float:
        """When no answer comes any more: its maker ends it at its deadline, which is heard a little later."""
        return math.inf if self.ends_at is None else self.ends_at + LATE_SECONDS


class RayBackend:
    """``address`` is Ray's; ``auto`` is the cluster of this machine. ``model`` is a name of the deployment's
    settings, empty for its default one; ``timeout`` in seconds is how long it may be silent."""

    slots = SLOTS
    trims = False

    def __init__(self, address: str, model: str, timeout: float) -> None:
        self._address, self._model, self._timeout = address, model, timeout
        self._id = model
        self._link: Link | None = None
        self._refused: tuple[float, FimbleError] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def serving(self) -> Serving:
        return Serving("ray", self._id)

    async def info(self) -> ModelInfo:
        try:
            async with aclosing(self._replies("about", "about", b"", self._wait(None))) as replies:
                async for reply in replies:
                    if isinstance(reply, Opened):
                        self._id = reply.info.id
                        return replace(reply.info, backend=f"ray {self._address}")
        except LostReplica as lost:
            raise _lost(lost, False) from lost
        raise UpstreamUnavailable("The Ray cluster did not say which model it has. Deploy it again.")

    async def check(self) -> ModelInfo:
        return await self.info()

    async def generate(self, request: Request) -> AsyncGenerator[Delta]:
        """See :class:`~..backends.base.Backend`. A request whose replica is lost before the first piece is
        given to another one, once."""
        wait, begun, elsewhere = self._wait(request), False, 0
        for left in reversed(range(TRIES)):
            data = _encoded(request, False, wait)
            session = session_of(request, self._model, elsewhere)
            try:
                async with aclosing(self._replies("generate", session, data, wait, left > 0)) as replies:
                    async for reply in replies:
                        if isinstance(reply, Piece):
                            begun = True
                            yield reply.delta
                return
            except LostReplica as lost:
                if begun or not left:
                    raise _lost(lost, begun) from lost
                # one that is silent may still be there for Ray; the successor of a dead one is known to it
                if isinstance(lost, SilentReplica):
                    elsewhere = await self._answering_place(request, wait)

    async def warm(self, request: FimRequest) -> None:
        wait = self._wait(request)
        data, session = _encoded(request, True, wait), session_of(request, self._model)
        try:
            async with aclosing(self._replies("generate", session, data, wait)) as replies:
                async for _ in replies:
                    pass
        except LostReplica as lost:
            raise _lost(lost, False) from lost

    async def close(self) -> None:
        self._closed = True
        if self._link is not None:
            await self._link.close()
        await asyncio.gather(*self._closing, return_exceptions=True)

    async def _answering_place(self, request: Request, wait: _Wait) -> int:
        """The number of another place that answers. Some of them are the silent replica's too, so several
        are asked."""
        link = await self._joined(wait)

        async def answering(place: int) -> int:
            call = link.ask("status", self._model, session_of(request, self._model, place))
            try:
                while not isinstance(await call.said.get(), bytes):
                    pass  # this one is lost too: another place is heard first, or none
                call.over = True
                return place
            finally:
                link.leave(call)

        tasks = [asyncio.create_task(answering(place)) for place in range(1, PLACES + 1)]
        try:
            heard, _ = await asyncio.wait(tasks, timeout=QUIET_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            return min((task.result() for task in heard), default=1)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _replies(
        self, method: Method, session: str, sent: bytes, wait: _Wait, hurry: bool = False
    ) -> AsyncGenerator[Reply]:
        """What one replica says, up to its end, whose error is raised. With ``hurry`` no more than a moment
        is waited for a sign of life."""
        link = await self._joined(wait)
        asked_at = asyncio.get_running_loop().time()
        call = link.ask(method, self._model, session, sent)
        try:
            while True:
                data = await self._next(link, call.said, wait, asked_at, hurry)
                hurry = False
                for reply in unbundled(data):
                    if isinstance(reply, Ended):
                        call.over = True
                        if reply.error is not None:
                            raise reply.error
                        return
                    if not isinstance(reply, Working):
                        wait.heard_at = asyncio.get_running_loop().time()
                    yield reply
        finally:
            link.leave(call)

    async def _next(
        self, link: Link, said: asyncio.Queue[bytes | Exception], wait: _Wait, asked_at: float, hurry: bool
    ) -> bytes:
        loop = asyncio.get_running_loop()
        silent_at = wait.heard_at + wait.timeout
        quiet_at = min(asked_at + QUIET_SECONDS, silent_at - wait.timeout / 2) if hurry else silent_at
        ends_at = min(quiet_at, wait.late_at)
        try:
            async with asyncio.timeout_at(ends_at):
                item = await said.get()
        except TimeoutError as error:
            if loop.time() >= wait.late_at:
                raise DeadlineExceeded("The deadline passed before the cluster answered.") from error
            if hurry:
                raise SilentReplica("it gives no sign of life") from error
            if link.heard_at < asked_at:
                self._part(link)
            raise UpstreamUnavailable(
                f"The Ray cluster was silent for {wait.timeout:g} s. See `fimble cluster status`."
            ) from error
        if isinstance(item, Exception):
            raise item
        return item

    async def _joined(self, wait: _Wait) -> Link:
        """The link, once the cluster is joined; a request waits for that no longer than for its answer."""
        link = self._link if self._link is not None and not self._link.ended else self._start()
        try:
            async with asyncio.timeout_at(wait.heard_at + wait.timeout):
                await asyncio.shield(link.joined)
        except TimeoutError as error:
            raise UpstreamUnavailable("The Ray cluster is still being joined. Try again soon.") from error
        except FimbleError as error:
            self._refused = asyncio.get_running_loop().time() + REFUSED_SECONDS, error
            raise
        return link

    def _start(self) -> Link:
        if self._closed:
            raise EngineClosed("The engine was stopped or replaced. Ask again.")
        if importlib.util.find_spec("ray") is None:
            raise UpstreamUnavailable(MISSING)
        if self._refused is not None and asyncio.get_running_loop().time() < self._refused[0]:
            raise type(self._refused[1])(self._refused[1].message)
        self._link = Link(*whereabouts(self._address, AGENT))
        return self._link

    def _part(self, link: Link) -> None:
        """Leave a cluster that says nothing any more: another one may have taken its place."""
        if self._link is link:
            self._link = None
        task = asyncio.get_running_loop().create_task(link.close(lost=True))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def _wait(self, request: Request | None) -> _Wait:
        now = asyncio.get_running_loop().time()
        return _Wait(self._timeout, now, None if request is None else deadline_of(request))


def _encoded(request: Request, warm: bool, wait: _Wait) -> bytes:
    """The request with the time that is left, for a replica."""
    data = encode(Run(0, with_rest(request, wait.ends_at), warm))
    if len(data) > MESSAGE_BYTES:
        raise InvalidRequest(
            f"The request has {len(data) / 1e6:.1f} MB, but the Ray cluster takes at most "
            f"{MESSAGE_BYTES / 1e6:.1f} MB. Send less."
        )
    return data


def _lost(lost: LostReplica, begun: bool) -> UpstreamUnavailable:
    if begun:
        return UpstreamUnavailable(f"A replica was lost in the middle of its answer: {lost}. Ask again.")
    return UpstreamUnavailable(f"The replica that was asked is lost: {lost}. Ask again.")

"""Another fimble, over HTTP: the same request goes to its ``POST /complete``."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import AsyncGenerator
from contextlib import aclosing

from ..errors import UnsupportedParameter
from ..limits import UPSTREAM_TEXT_CHARACTERS
from ..serving import Serving
from ..types import Delta, FimRequest, ModelInfo, Request
from .exchange import Exchanges, OnAnswer
from .wire import Event, Failure, Models, body_of, read

SLOTS = 16


class RemoteBackend:
    """A client of one server. ``timeout`` in seconds bounds the wait for each piece of an answer.

    A server that is away, hangs, or answers what no fimble server does, is
    :class:`~..errors.UpstreamUnavailable`.
    """

    slots = SLOTS
    trims = True

    def __init__(
        self, address: str, key: str | None, timeout: float, on_answer: OnAnswer = lambda: None
    ) -> None:
        """``on_answer`` hears of each answer, also of those that nobody waits for any longer."""
        self._exchanges = Exchanges(address, key, timeout, on_answer)
        self._salt = secrets.token_bytes(16)
        self.model = ""

    @property
    def serving(self) -> Serving:
        return Serving(self._exchanges.address, self.model)

    async def info(self) -> ModelInfo:
        try:
            found = read(await self._exchanges.get("/v1/models"), Models).data[0]
        except ValueError as error:
            raise self._exchanges.malformed(error) from error
        self.model = found.id
        backend = f"remote {self._exchanges.address}"
        return ModelInfo(found.id, backend, found.context_window, found.supports_fim, loaded=True)

    async def check(self) -> ModelInfo:
        return await self.info()

    async def generate(self, request: Request) -> AsyncGenerator[Delta]:
        if not isinstance(request, FimRequest):
            raise UnsupportedParameter(
                "This server passes suggestions on to another one, but neither text nor chat nor tokens. "
                f"Send the request to {self._exchanges.address} itself."
            )
        document = self._name(request.document if request.supersedes else None)
        workspace = self._name(request.workspace)
        body = body_of(request, document, workspace)
        events = self._exchanges.events(body, leave_open=document is not None)
        taken, finished = 0, False
        async with aclosing(events) as answer:
            async for event in answer:
                delta = self._delta(event)
                taken += len(delta.text)
                if finished or taken > UPSTREAM_TEXT_CHARACTERS:
                    raise self._exchanges.malformed(ValueError("its answer does not end"))
                finished = delta.finish_reason is not None
                yield delta
        if not finished:
            raise self._exchanges.malformed(ValueError("its answer has no end"))

    async def warm(self, request: FimRequest) -> None:
        """Nothing: the request itself follows at once, and a server counts and charges both."""

    async def close(self) -> None:
        await self._exchanges.close()

    def _delta(self, data: bytes) -> Delta:
        try:
            event = read(data, Event)
            if isinstance(event.error, Failure):
                raise self._exchanges.failure(event.error)
            self.model = event.model or self.model
            return event.to_engine()
        except ValueError as error:
            raise self._exchanges.malformed(error) from error

    def _name(self, own: str | None) -> str | None:
        """A name for a document or a workspace that is the same for each request and tells nothing of its
        path."""
        if own is None:
            return None
        return hashlib.blake2b(own.encode("utf-8", "replace"), key=self._salt, digest_size=16).hexdigest()

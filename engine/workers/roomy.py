"""A worker that is started when there is room for its model."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from .messages import Command
from .transports import OnExit, OnReply, Transport


class WithRoom:
    """A :class:`~.transports.Transport`; ``make_room`` returns when it may start."""

    def __init__(self, transport: Transport, make_room: Callable[[], Awaitable[None]]) -> None:
        self._transport, self._make_room = transport, make_room

    @property
    def process_id(self) -> int | None:
        return self._transport.process_id

    @property
    def fallback_reason(self) -> str:
        return self._transport.fallback_reason

    async def start(self, on_reply: OnReply, on_exit: OnExit) -> None:
        await self._make_room()
        await self._transport.start(on_reply, on_exit)

    def send(self, command: Command) -> None:
        self._transport.send(command)

    async def stop(self) -> None:
        await self._transport.stop()

"""The connections that are open, and who gives way when there is no room for one more.

A connection either has the server working for it, or keeps the server waiting: for a head, for a body, or
for its answer to be read. Only those that keep it waiting lose their places, the longest waiting first, and
those that have not shown a key before those that have.
"""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiohttp import web

from .limits import ACCEPT_PAUSE_SECONDS, MAX_CONNECTIONS, RESERVED_DESCRIPTORS, STRANGERS_SHARE


@dataclass(slots=True, eq=False)
class Connection:
    """One peer. ``drop`` disconnects it at once; ``waiting_since`` is None while the server works for it."""

    address: str
    drop: Callable[[], object]
    waiting_since: float | None = field(default_factory=time.monotonic)
    stranger: bool = True
    """No key was shown yet that let a request in."""

    def waits(self) -> None:
        """From now on the peer keeps the server waiting, unless it does so already."""
        if self.waiting_since is None:
            self.waiting_since = time.monotonic()

    def works(self) -> None:
        """From now on the server works for the peer."""
        self.waiting_since = None

    @contextmanager
    def reading_body(self) -> Iterator[None]:
        """While a body is read the peer keeps the server waiting."""
        self.waits()
        try:
            yield
        finally:
            self.works()


CONNECTION = web.RequestKey("connection", Connection)


class Connections:
    """At most ``most`` at once. Not safe to use from several threads."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._open: set[Connection] = set()
        self._left = asyncio.Event()

    def __len__(self) -> int:
        return len(self._open)

    def add(self, connection: Connection) -> bool:
        """Take a connection in; False where its address has too many that show no key."""
        strangers = [each for each in self._open if each.stranger and each.address == connection.address]
        if len(strangers) >= self.most * STRANGERS_SHARE and not self._drop_longest_waiting(strangers):
            return False
        self._open.add(connection)
        return True

    def remove(self, connection: Connection) -> None:
        self._open.discard(connection)
        self._left.set()

    async def room(self) -> None:
        """Return when there is room for one more; makes it where somebody keeps the server waiting."""
        while len(self._open) >= self.most and not self.make_room():
            self._left.clear()
            try:
                async with asyncio.timeout(ACCEPT_PAUSE_SECONDS):
                    await self._left.wait()
            except TimeoutError:
                continue

    def make_room(self) -> bool:
        """Drop whoever has kept the server waiting longest; False where the server works for everybody."""
        strangers = [each for each in self._open if each.stranger]
        return self._drop_longest_waiting(strangers) or self._drop_longest_waiting(list(self._open))

    def _drop_longest_waiting(self, among: list[Connection]) -> bool:
        waiting = [(each.waiting_since, each) for each in among if each.waiting_since is not None]
        if not waiting:
            return False
        _, found = min(waiting, key=lambda pair: pair[0])
        self.remove(found)
        found.drop()
        return True


def most_connections() -> int:
    """As many as the process has descriptors for, less what it needs itself."""
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if descriptors == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return max(1, min(MAX_CONNECTIONS, descriptors - RESERVED_DESCRIPTORS))

"""Who may ask: the keys of the database, held in memory and looked at again every two seconds.

A request never waits for the database, several server processes may share one, and a revoked key stops
working within seconds, also for a stream that has begun. While the database is away, what was known last
holds for a while; then keys cannot be checked and requests are refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import Callable, Iterator

from sqlalchemy import Connection

from .errors import overloaded, unauthorized
from .store.database import Database, DatabaseUnavailable
from .store.keys import Key, digest, id_of, list_keys
from .store.usage import day_of, tokens_of_day

log = logging.getLogger(__name__)
POLL_SECONDS = 2.0
LOOK_SECONDS = 0.25
GRACE_SECONDS = 30.0
"""How long keys that were valid keep working while the database is away."""

UNREADABLE = "Keys cannot be checked now, since their database cannot be read. The server's log tells why."


class KeyDirectory:
    """All keys. ``needed`` tells whether requests must show one: when there has ever been a key, when
    other machines may ask, and while it is not known."""

    def __init__(self, database: Database, needed: bool = False, grace: float = GRACE_SECONDS) -> None:
        self._database, self._needed, self._grace = database, needed, grace
        self._keys: dict[str, Key] = {}
        self._tokens: dict[str, int] = {}
        self._known = False
        self._tried_at = -LOOK_SECONDS
        self._away_since: float | None = None
        self._watchers: dict[Callable[[], object], Key] = {}
        self._reading, self._looking = asyncio.Lock(), asyncio.Lock()

    @property
    def needed(self) -> bool:
        return self._needed or not self._known

    @property
    def any_valid(self) -> bool:
        return any(self.valid(key) for key in self._keys.values())

    def tokens_today(self, key: str) -> int:
        """Tokens that all servers on this database have written down for a key today."""
        return self._tokens.get(key, 0)

    async def poll(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await self.refresh()
            await asyncio.sleep(POLL_SECONDS)

    async def refresh(self) -> bool:
        """Read the database now; False when it cannot be read."""
        async with self._reading:
            self._tried_at = time.monotonic()
            try:
                await self._read()
            except DatabaseUnavailable as error:
                self._note_away(error)
                return False
        self._tell_watchers()
        return True

    async def find(self, text: str) -> Key:
        """The valid key with this text. Raises 401, or 503 when that cannot be known."""
        found = self._match(text)
        if found is None and id_of(text):
            await self._look_again(time.monotonic())  # it may have been made a moment ago
            found = self._match(text)
        self.check_readable()
        if found is None:
            raise unauthorized()
        return found

    def check_readable(self) -> None:
        """Raises 503 while keys cannot be checked: their database has not been readable for a while."""
        away = self._away_since is not None and time.monotonic() - self._away_since >= self._grace
        if self.needed and away:
            raise overloaded("upstream_unavailable", UNREADABLE)

    def valid(self, key: Key) -> bool:
        """Whether a key that was valid is so still: not revoked, expired or rotated."""
        known = self._keys.get(key.id)
        return known is not None and known.hash == key.hash and known.valid(time.time())

    @contextlib.contextmanager
    def watching(self, key: Key, on_end: Callable[[], object]) -> Iterator[None]:
        """Call ``on_end`` as soon as the key is seen to be no longer valid."""
        self._watchers[on_end] = key
        try:
            yield
        finally:
            self._watchers.pop(on_end, None)

    async def _look_again(self, since: float) -> None:
        """Have the database read after a moment: a few times a second, however many wait for it."""
        async with self._looking:
            if self._tried_at < since:
                await asyncio.sleep(self._tried_at + LOOK_SECONDS - time.monotonic())
                await self.refresh()

    def _match(self, text: str) -> Key | None:
        known = self._keys.get(id_of(text))
        if known is None:
            digest(text)  # an unknown id takes as long as a wrong secret
            return None
        return known if known.matches(text) and known.valid(time.time()) else None

    async def _read(self) -> None:
        if not self._database.exists and not self._needed:
            self._keys, self._tokens = {}, {}
        else:
            self._keys, self._tokens = await self._database.run(_read_all)
        self._needed = self._needed or bool(self._keys)
        self._known, self._away_since = True, None

    def _note_away(self, error: DatabaseUnavailable) -> None:
        if self._away_since is None:
            log.warning("keys cannot be checked, and requests are refused: %s", error.message)
            # what was never known cannot be trusted for a while
            self._away_since = time.monotonic() if self._known else -math.inf

    def _tell_watchers(self) -> None:
        for on_end in [on_end for on_end, key in self._watchers.items() if not self.valid(key)]:
            on_end()


def _read_all(connection: Connection) -> tuple[dict[str, Key], dict[str, int]]:
    keys = {key.id: key for key in list_keys(connection)}
    return keys, tokens_of_day(connection, day_of(time.time()))

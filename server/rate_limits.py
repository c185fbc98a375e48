"""Limits of a key: requests and tokens in a minute, tokens in a day, requests at once.

A request is let in while any of its key's tokens are left, and charged afterwards with what it really
used, so that nobody has to guess token counts in advance. Minutes are windows that begin with the first
request. Counts are kept in memory, or in Redis, which several servers can share.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TypeVar

from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerMinute
from limits.aio.storage import Storage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.errors import ConfigurationError, StorageError
from limits.storage import storage_from_string

from fimble.engine.errors import SettingsError

from .errors import ApiError
from .steady_storage import SteadyStorage
from .store.keys import Key
from .store.usage import day_of

log = logging.getLogger(__name__)
Result = TypeVar("Result")
DAY_SECONDS = 86_400
STORAGE_SECONDS = 1.0
AWAY_SECONDS = 5.0
"""How long a storage that did not answer is left alone, so that requests do not wait for it again."""
UNBOUNDED = 1_000_000_000
"""What the headers tell where a key has no bound: they are always all there."""
# an address may hold a password, so no message repeats it
NO_STORAGE = "The server setting `limits` cannot be used. Give `memory` or redis://user:password@host:port."
NO_REDIS = "The server setting `limits` names Redis, which needs fimble[redis]. Install it, or give `memory`."


@dataclass(frozen=True, slots=True)
class Standing:
    """How much of one bound is left, and in how many seconds it is whole again."""

    limit: int = UNBOUNDED
    remaining: int = UNBOUNDED
    reset: float = 0.0


class RateLimits:
    """``tokens_today`` tells what a key has used today on all servers, as far as it is written down."""

    def __init__(self, where: str, tokens_today: Callable[[str], int]) -> None:
        self._local = FixedWindowRateLimiter(SteadyStorage())
        self._shared = FixedWindowRateLimiter(_storage(where)) if where != "memory" else self._local
        self._tokens_today = tokens_today
        self._running: Counter[str] = Counter()
        self._away_until = 0.0

    @asynccontextmanager
    async def admitted(self, key: Key) -> AsyncIterator[None]:
        """Count one request in. Raises 429."""
        most = key.allowance.concurrent
        if most is not None and self._running[key.id] >= most:
            raise exceeded(f"This key may have {most} requests running at once.", 1.0)
        self._running[key.id] += 1
        try:
            await self._check_tokens(key)
            await self._count_request(key)
            yield
        finally:
            self._running[key.id] -= 1
            if not self._running[key.id]:
                del self._running[key.id]

    async def charge(self, key: Key, tokens: int) -> None:
        """Take what a request has used from its key's tokens."""
        allowance = key.allowance
        if tokens and allowance.tokens_per_minute is not None:
            item = RateLimitItemPerMinute(allowance.tokens_per_minute)
            await self._on_storage(lambda limiter: limiter.hit(item, "tokens", key.id, cost=tokens))
        if tokens and allowance.tokens_per_day is not None:
            today = RateLimitItemPerDay(allowance.tokens_per_day)
            day = day_of(time.time())
            await self._on_storage(lambda limiter: limiter.hit(today, "day", day, key.id, cost=tokens))

    async def headers(self, key: Key) -> dict[str, str]:
        """The six ``x-ratelimit-*`` headers."""
        allowance = key.allowance
        found = {
            "requests": await self._standing(allowance.requests_per_minute, "requests", key.id),
            "tokens": await self._standing(allowance.tokens_per_minute, "tokens", key.id),
        }
        headers: dict[str, str] = {}
        for name, standing in found.items():
            headers[f"x-ratelimit-limit-{name}"] = str(standing.limit)
            headers[f"x-ratelimit-remaining-{name}"] = str(standing.remaining)
            headers[f"x-ratelimit-reset-{name}"] = f"{standing.reset:.1f}s"
        return headers

    async def _check_tokens(self, key: Key) -> None:
        quota = key.allowance.tokens_per_day
        if quota is not None and await self._used_today(key, quota) >= quota:
            message = f"This key has used its {quota} tokens of today. They come back at midnight UTC."
            raise exceeded(message, DAY_SECONDS - time.time() % DAY_SECONDS, "quota_exceeded")
        minute = await self._standing(key.allowance.tokens_per_minute, "tokens", key.id)
        if minute.remaining <= 0:
            raise exceeded(f"This key may use {minute.limit} tokens a minute.", minute.reset)

    async def _count_request(self, key: Key) -> None:
        allowed = key.allowance.requests_per_minute
        if allowed is None:
            return
        item = RateLimitItemPerMinute(allowed)
        if not await self._on_storage(lambda limiter: limiter.hit(item, "requests", key.id)):
            reset = (await self._standing(allowed, "requests", key.id)).reset
            raise exceeded(f"This key may make {allowed} requests a minute.", reset)

    async def _used_today(self, key: Key, quota: int) -> int:
        today = RateLimitItemPerDay(quota)
        name = today.key_for("day", day_of(time.time()), key.id)
        counted = await self._on_storage(lambda limiter: limiter.storage.get(name))
        return max(counted, self._tokens_today(key.id))

    async def _standing(self, amount: int | None, *names: str) -> Standing:
        if amount is None:
            return Standing()
        item: RateLimitItem = RateLimitItemPerMinute(amount)
        stats = await self._on_storage(lambda limiter: limiter.get_window_stats(item, *names))
        return Standing(amount, max(0, stats.remaining), max(0.0, stats.reset_time - time.time()))

    async def _on_storage(self, use: Callable[[FixedWindowRateLimiter], Awaitable[Result]]) -> Result:
        """A storage that is away holds nobody up: until it is back this server counts for itself."""
        if time.monotonic() < self._away_until:
            return await use(self._local)
        try:
            found = await use(self._shared)
        except StorageError as error:
            if not self._away_until:
                log.warning("limits are counted here alone: %s", type(error.storage_error).__name__)
            self._away_until = time.monotonic() + AWAY_SECONDS
            return await use(self._local)
        self._away_until = 0.0
        return found


def exceeded(message: str, retry_after: float, code: str = "rate_limit_exceeded") -> ApiError:
    return ApiError(429, "rate_limit_error", code, message, retry_after=retry_after)


def _storage(address: str) -> Storage:
    scheme, separator, rest = address.partition("://")
    if scheme not in ("redis", "rediss", "redis+unix") or not separator:
        raise SettingsError(NO_STORAGE)
    try:
        found = storage_from_string(
            f"async+{scheme}://{rest}",
            implementation="redispy",
            wrap_exceptions=True,
            socket_timeout=STORAGE_SECONDS,
            socket_connect_timeout=STORAGE_SECONDS,
        )
    except ConfigurationError as error:
        missing = not find_spec("redis")
        raise SettingsError(NO_REDIS if missing else NO_STORAGE) from error
    except ValueError as error:
        raise SettingsError(NO_STORAGE) from error
    assert isinstance(found, Storage)
    return found

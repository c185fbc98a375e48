"""Limits: requests and tokens in a minute, tokens in a day, requests at once; and the headers."""

from __future__ import annotations

import asyncio
import time

import pytest
from limits.errors import StorageError

from fimble.engine.errors import SettingsError
from fimble.server.errors import ApiError
from fimble.server.rate_limits import UNBOUNDED, RateLimits
from fimble.server.steady_storage import SteadyStorage
from fimble.server.store.keys import Allowance, Key, NewKey

from .conftest import ANSWER, Api, Start, until

PROMPT = {"prompt": "x"}
PATH = "/v1/completions"


def key_with(allowance: Allowance) -> Key:
    return Key("k", "ann", "", frozenset(), frozenset(), allowance, 0, None, None)


async def test_requests_a_minute_count_down(api: Api) -> None:
    keyed = await api.make_key(NewKey("ann", allowance=Allowance(requests_per_minute=3)))
    left = []
    for _ in range(3):
        reply = await keyed.post(PATH, PROMPT)
        assert reply.headers["x-ratelimit-limit-requests"] == "3"
        left.append(reply.headers["x-ratelimit-remaining-requests"])
    assert left == ["2", "1", "0"]
    refused = await keyed.post(PATH, PROMPT)
    assert refused.status == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert 0 < float(refused.headers["x-ratelimit-reset-requests"].removesuffix("s")) <= 60


async def test_tokens_a_minute_are_charged_as_used(api: Api) -> None:
    keyed = await api.make_key(NewKey("ann", allowance=Allowance(tokens_per_minute=20)))
    first = await keyed.post(PATH, PROMPT)
    used = first.json["usage"]["total_tokens"]
    assert used == 1 + len(ANSWER)
    assert first.headers["x-ratelimit-remaining-tokens"] == str(20 - used)
    second = await keyed.post(PATH, PROMPT)
    assert second.status == 200, "some tokens were left"
    assert second.headers["x-ratelimit-remaining-tokens"] == "0"
    assert (await keyed.post(PATH, PROMPT)).error[2] == "rate_limit_exceeded"


async def test_a_stream_tells_its_limits_at_its_start_and_is_charged_at_its_end(api: Api) -> None:
    keyed = await api.make_key(NewKey("ann", allowance=Allowance(tokens_per_minute=20)))
    stream = await keyed.post(PATH, PROMPT | {"stream": True})
    assert stream.headers["x-ratelimit-remaining-tokens"] == "20"
    after = await keyed.post(PATH, PROMPT | {"max_tokens": 1})
    assert after.headers["x-ratelimit-remaining-tokens"] == str(20 - 13 - 2)


async def test_a_request_that_is_refused_uses_no_tokens(api: Api) -> None:
    keyed = await api.make_key(NewKey("ann", allowance=Allowance(tokens_per_minute=20)))
    assert (await keyed.post(PATH, {})).status == 400
    reply = await keyed.post(PATH, PROMPT | {"max_tokens": 0})
    assert reply.headers["x-ratelimit-remaining-tokens"] == "19"


async def test_no_bound_is_told_as_a_large_one(api: Api) -> None:
    keyed = await api.make_key(NewKey("ann"))
    reply = await keyed.post(PATH, PROMPT)
    assert reply.headers["x-ratelimit-limit-tokens"] == str(UNBOUNDED)
    assert reply.headers["x-ratelimit-limit-requests"] == str(UNBOUNDED)


async def test_without_keys_there_are_no_limits(api: Api) -> None:
    reply = await api.post(PATH, PROMPT)
    assert not [name for name in reply.headers if name.lower().startswith("x-ratelimit")]


async def test_requests_at_once(start: Start) -> None:
    api = await start(fake={"endless": True, "token_ms": 10})
    keyed = await api.make_key(NewKey("ann", allowance=Allowance(concurrent=1)))
    first = asyncio.create_task(keyed.post(PATH, PROMPT | {"max_tokens": 4000}))
    await until(lambda: api.services.metrics.under_way == 1)
    refused = await keyed.post(PATH, PROMPT)
    assert refused.error == (429, "rate_limit_error", "rate_limit_exceeded", None)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await until(lambda: api.services.metrics.under_way == 0)
    assert (await keyed.post(PATH, PROMPT | {"max_tokens": 1})).status == 200


async def test_tokens_a_day_count_what_other_servers_wrote_down() -> None:
    limits = RateLimits("memory", lambda key: 100)
    key = key_with(Allowance(tokens_per_day=100))
    with pytest.raises(ApiError) as caught:
        async with limits.admitted(key):
            raise AssertionError("should not be let in")
    assert caught.value.code == "quota_exceeded"
    assert caught.value.retry_after is not None
    assert 0 < caught.value.retry_after <= 86_400


async def test_tokens_a_day_survive_a_restart(start: Start) -> None:
    api = await start()
    keyed = await api.make_key(NewKey("ann", allowance=Allowance(tokens_per_day=13)))
    assert (await keyed.post(PATH, PROMPT)).status == 200
    await api.services.usage.write()
    restarted = await start()
    await restarted.services.keys.refresh()
    assert (await restarted.with_key(keyed.key).post(PATH, PROMPT)).error[2] == "quota_exceeded"


async def test_keys_do_not_share_their_limits(api: Api) -> None:
    one = await api.make_key(NewKey("ann", allowance=Allowance(requests_per_minute=1)))
    other = await api.make_key(NewKey("bob", allowance=Allowance(requests_per_minute=1)))
    assert [(await one.post(PATH, PROMPT)).status for _ in range(2)] == [200, 429]
    assert (await other.post(PATH, PROMPT)).status == 200


async def test_other_endpoints_are_not_limited(api: Api) -> None:
    keyed = await api.make_key(NewKey("ann", allowance=Allowance(requests_per_minute=1)))
    assert [(await keyed.get("/v1/models")).status for _ in range(3)] == [200, 200, 200]


async def test_counts_storage_that_is_away_holds_nobody_up() -> None:
    limits = RateLimits("redis://127.0.0.1:9", lambda key: 0)
    key = key_with(Allowance(requests_per_minute=1, tokens_per_minute=10, tokens_per_day=10))
    async with limits.admitted(key):
        await limits.charge(key, 4)
    assert (await limits.headers(key))["x-ratelimit-remaining-tokens"] == "6"
    with pytest.raises(ApiError):
        async with limits.admitted(key):
            raise AssertionError("should not be let in")


async def test_counts_storage_that_is_away_is_left_alone_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits = RateLimits("redis://127.0.0.1:9", lambda key: 0)
    key = key_with(Allowance(requests_per_minute=5, tokens_per_minute=10))
    asked = []

    async def refuse(*arguments: object, **options: object) -> None:
        asked.append(arguments)
        raise StorageError(ConnectionError())

    monkeypatch.setattr(limits._shared, "get_window_stats", refuse)
    for _ in range(3):
        await limits.headers(key)
    assert len(asked) == 1


@pytest.mark.parametrize("where", ["", "disk", "http://x", "redis:"])
def test_limits_somewhere_else_are_a_settings_error(where: str) -> None:
    with pytest.raises(SettingsError):
        RateLimits(where, lambda key: 0)


@pytest.mark.parametrize(
    "address", ["redis://u:s3cret@host:port", "redis://u:s3/cret@h", "http://u:s3cret@h"]
)
def test_no_message_repeats_a_password(address: str) -> None:
    with pytest.raises(SettingsError) as caught:
        RateLimits(address, lambda key: 0)
    assert "s3" not in caught.value.message
    assert "redis://user:password@host:port" in caught.value.message


async def test_a_clock_that_is_set_back_does_not_make_a_minute_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits = RateLimits("memory", lambda key: 0)
    key = key_with(Allowance(requests_per_minute=1))
    async with limits.admitted(key):
        pass
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now - 86_400)
    with pytest.raises(ApiError) as caught:
        async with limits.admitted(key):
            raise AssertionError("should not be let in")
    assert caught.value.retry_after is not None
    assert 0 < caught.value.retry_after <= 60


async def test_windows_end_by_the_monotonic_clock_and_are_forgotten() -> None:
    now = 0.0
    storage = SteadyStorage(lambda: now)
    assert [await storage.incr("a", 60), await storage.incr("a", 60, amount=4)] == [1, 5]
    now = 59.9
    assert await storage.get("a") == 5
    now = 60.0
    assert await storage.get("a") == 0
    assert await storage.incr("b", 60) == 1
    assert list(storage._windows) == ["b"]

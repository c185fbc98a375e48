"""Keys: made once, kept as hashes, checked from memory, revoked within seconds, also in a stream."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from fimble.server.errors import ApiError
from fimble.server.key_directory import KeyDirectory
from fimble.server.store.database import Database
from fimble.server.store.keys import (
    KeyProblem,
    NewKey,
    create_key,
    digest,
    id_of,
    list_keys,
    revoke_key,
    rotate_key,
)

from .conftest import Api, Start, until

HOLE = {"prefix": "", "suffix": "", "language": "python"}


@pytest.fixture
def database(tmp_path: Path) -> Database:
    made = Database(f"sqlite:///{tmp_path / 'keys.db'}")
    made.create()
    return made


async def directory(database: Database, grace: float = 30) -> KeyDirectory:
    found = KeyDirectory(database, grace=grace)
    await found.refresh()
    return found


def make(database: Database, name: str = "ann", expires: float | None = None) -> str:
    with database.open() as connection:
        return create_key(connection, NewKey(name, expires=expires), time.time())


def test_only_the_hash_is_kept(database: Database, tmp_path: Path) -> None:
    key = make(database)
    with database.open() as connection:
        [kept] = list_keys(connection)
    assert kept.hash == digest(key)
    assert kept.id == id_of(key)
    secret = key.split("_", 2)[2].encode()
    assert all(secret not in path.read_bytes() for path in tmp_path.iterdir())


def test_the_database_is_for_its_owner_alone(database: Database) -> None:
    assert database.path is not None
    assert database.path.stat().st_mode & 0o077 == 0


def test_active_names_are_unique_and_free_again_after_revoking(database: Database) -> None:
    make(database)
    with pytest.raises(KeyProblem, match="already"):
        make(database)
    with database.open() as connection:
        revoke_key(connection, "ann", time.time())
    make(database)


def test_names_that_are_not_there(database: Database) -> None:
    with pytest.raises(KeyProblem, match="no active key"), database.open() as connection:
        revoke_key(connection, "bob", time.time())
    with pytest.raises(KeyProblem, match="no active key"), database.open() as connection:
        rotate_key(connection, "bob")


async def test_a_valid_key_is_found_and_others_are_not(database: Database) -> None:
    key = make(database)
    keys = await directory(database)
    assert (await keys.find(key)).name == "ann"
    for wrong in ("", "fim", "fim__", key[:-1], key + "x", key.upper(), "fim_000000000000_" + key[17:]):
        with pytest.raises(ApiError) as caught:
            await keys.find(wrong)
        assert (caught.value.status, caught.value.code) == (401, "invalid_api_key")


async def test_an_expired_key_is_refused(database: Database) -> None:
    keys = await directory(database)
    past, future = make(database, "past", time.time() - 1), make(database, "future", time.time() + 60)
    await keys.refresh()
    assert (await keys.find(future)).name == "future"
    with pytest.raises(ApiError):
        await keys.find(past)


async def test_rotation_changes_the_secret_and_keeps_the_id(database: Database) -> None:
    old = make(database)
    with database.open() as connection:
        new = rotate_key(connection, "ann")
    keys = await directory(database)
    assert id_of(new) == id_of(old)
    assert (await keys.find(new)).name == "ann"
    with pytest.raises(ApiError):
        await keys.find(old)


async def test_keys_are_needed_from_the_first_one_on(database: Database) -> None:
    """And for good: a server whose last key is revoked must not become open."""
    keys = await directory(database)
    needed = [keys.needed]
    make(database)
    await keys.refresh()
    needed.append(keys.needed)
    with database.open() as connection:
        revoke_key(connection, "ann", time.time())
    await keys.refresh()
    needed.append(keys.needed)
    assert needed == [False, True, True]


async def test_keys_are_needed_while_the_database_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "keys.db").write_bytes(b"this is no database" * 100)
    keys = await directory(Database(f"sqlite:///{tmp_path / 'keys.db'}"))
    assert keys.needed
    with pytest.raises(ApiError) as caught:
        await keys.find("fim_000000000000_x")
    assert caught.value.status == 503


async def test_a_database_that_is_gone_keeps_known_keys_for_a_while(database: Database) -> None:
    key = make(database)
    keys = await directory(database)
    assert database.path is not None
    database.path.unlink()
    assert not await keys.refresh()
    assert (await keys.find(key)).name == "ann"
    assert keys.needed


async def test_a_database_that_is_gone_for_long_refuses_keys_with_503(database: Database) -> None:
    key = make(database)
    keys = await directory(database, grace=0)
    assert database.path is not None
    database.path.unlink()
    await keys.refresh()
    with pytest.raises(ApiError) as caught:
        await keys.find(key)
    assert (caught.value.status, caught.value.code) == (503, "upstream_unavailable")


async def test_a_database_that_was_replaced_by_an_empty_one_opens_nothing(database: Database) -> None:
    key = make(database)
    keys = await directory(database)
    assert database.path is not None
    for path in database.path.parent.iterdir():
        path.unlink()
    database.create()
    await keys.refresh()
    assert keys.needed
    with pytest.raises(ApiError) as caught:
        await keys.find(key)
    assert caught.value.status == 401


async def test_a_locked_database_does_not_stop_reading(database: Database) -> None:
    key = make(database)
    keys = await directory(database)
    assert database.path is not None
    with closing(sqlite3.connect(database.path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert await keys.refresh()
        assert (await keys.find(key)).name == "ann"


async def test_without_a_key_every_endpoint_refuses_but_health_and_the_page(api: Api) -> None:
    keyed = await api.make_key(NewKey("ann", scopes=("complete", "chat", "usage", "admin")))
    document = (await keyed.get("/openapi.json")).json
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            reply = await api.send(method.upper(), path.replace("{id}", "fake"))
            if operation.get("security") == []:
                assert (path, reply.status) == ("/health", 200)
            else:
                assert reply.status == 401, path
                assert "API key" in reply.text
    assert (await api.get("/")).status == 200


async def test_a_key_made_a_moment_ago_works_at_once(api: Api) -> None:
    await api.make_key(NewKey("ann"))
    database = Database(api.services.settings.database_url)
    key = await database.run(create_key, NewKey("bob"), time.time())
    assert (await api.with_key(key).post("/complete", HOLE)).status == 200


@pytest.mark.parametrize("stream", [True, False])
async def test_a_key_that_is_revoked_stops_an_answer_under_way(start: Start, stream: bool) -> None:
    api = await start(fake={"endless": True, "token_ms": 10})
    keyed = await api.make_key(NewKey("ann"))
    body = {"prompt": "x", "max_tokens": 4000, "stream": stream}
    task = asyncio.create_task(keyed.post("/v1/completions", body))
    await until(lambda: api.services.metrics.under_way == 1)
    await Database(api.services.settings.database_url).run(revoke_key, "ann", time.time())
    reply = await task  # the server looks at its keys every two seconds
    error = reply.events[-1]["error"] if stream and reply.status == 200 else reply.json["error"]
    assert (error["type"], error["code"]) == ("invalid_request_error", "invalid_api_key")
    assert "[DONE]" not in reply.text
    await until(lambda: api.services.metrics.under_way == 0)


async def test_two_servers_share_one_database(start: Start) -> None:
    first, second = await start(), await start()
    keyed = await first.make_key(NewKey("ann"))
    assert keyed.key is not None
    assert (await second.with_key(keyed.key).post("/complete", HOLE)).status == 200
    await Database(first.services.settings.database_url).run(revoke_key, "ann", time.time())
    await asyncio.gather(first.services.keys.refresh(), second.services.keys.refresh())
    for server in (first, second):
        assert (await server.with_key(keyed.key).post("/complete", HOLE)).status == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:8741"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
async def test_without_keys_other_sites_pages_are_refused(api: Api, headers: dict[str, str]) -> None:
    reply = await api.post("/complete", HOLE, headers=headers)
    assert reply.error[:3] == (403, "permission_error", "key_scope")


@pytest.mark.parametrize(
    "headers", [{"Host": "localhost:99"}, {"Host": "[::1]"}, {"Origin": "http://127.0.0.1:3000"}]
)
async def test_without_keys_this_machine_may_ask(api: Api, headers: dict[str, str]) -> None:
    assert (await api.post("/complete", HOLE, headers=headers)).status == 200


async def test_a_corrupt_database_is_told_of_and_found_again(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "corrupt.db"
    path.write_bytes(b"no database at all, " * 100)
    api = await start(database=f"sqlite:///{path}")
    for reply in (
        await api.post("/complete", HOLE),
        await api.with_key("fim_000000000000_x").post("/complete", HOLE),
        await api.get("/health"),
    ):
        assert reply.error[:3] == (503, "overloaded_error", "upstream_unavailable")
        assert "database cannot be read" in reply.json["error"]["message"]
    path.unlink()
    await api.services.keys.refresh()
    assert (await api.post("/complete", HOLE)).status == 200
    assert (await api.get("/health")).status == 200

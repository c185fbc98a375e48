"""Usage: counted in memory, written in batches, read by day; never in the way of an answer."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from fimble.server.store import usage as store
from fimble.server.store.database import Database, DatabaseUnavailable
from fimble.server.store.keys import NewKey, id_of
from fimble.server.store.usage import Counts, Dimensions, bucket_ms, bucket_of
from fimble.server.usage import UsageRecorder

from .conftest import ANSWER, Api, FailingBackend, Start, until

TODAY = datetime.now(UTC).date()
HOLE = {"prefix": "", "suffix": "", "language": "python"}
DIMENSIONS = Dimensions("k", TODAY.isoformat(), "m", "/complete")


@pytest.fixture
def database(tmp_path: Path) -> Database:
    made = Database(f"sqlite:///{tmp_path / 'usage.db'}")
    made.create()
    return made


async def test_requests_and_tokens_by_model_and_endpoint(api: Api) -> None:
    keyed = await api.make_key(NewKey("ann"))
    assert keyed.key is not None
    for _ in range(2):
        await keyed.post("/v1/completions", {"prompt": "x"})
    await keyed.post("/complete", HOLE)
    found = (await keyed.get("/v1/usage")).json
    assert found["last"] == TODAY.isoformat()
    rows = {row["endpoint"]: row for row in found["data"]}
    assert set(rows) == {"/complete", "/v1/completions"}
    row = rows["/v1/completions"]
    assert (row["key"], row["day"], row["model"]) == (id_of(keyed.key), TODAY.isoformat(), "fake")
    assert (row["requests"], row["errors"]) == (2, 0)
    assert (row["prompt_tokens"], row["completion_tokens"]) == (2, 2 * len(ANSWER))
    assert row["p50_ms"] <= row["p95_ms"] <= row["p99_ms"]
    assert found["total"]["requests"] == 3


async def test_errors_are_counted_without_latency(start: Start) -> None:
    api = await start(backend=FailingBackend(RuntimeError()))
    await api.post("/complete", HOLE)
    [row] = (await api.get("/v1/usage")).json["data"]
    assert (row["requests"], row["errors"], row["p50_ms"]) == (1, 1, None)


async def test_a_key_sees_its_own_and_admin_sees_all(api: Api) -> None:
    ann, bob = await api.make_key(NewKey("ann")), await api.make_key(NewKey("bob"))
    admin = await api.make_key(NewKey("admin", scopes=("admin",)))
    assert ann.key is not None
    assert bob.key is not None
    for keyed in (ann, bob):
        await keyed.post("/complete", HOLE)
    assert [row["key"] for row in (await ann.get("/v1/usage")).json["data"]] == [id_of(ann.key)]
    assert (await admin.get("/v1/usage")).json["data"] == []
    both = (await admin.get("/v1/usage?key=all")).json["data"]
    assert {row["key"] for row in both} == {id_of(ann.key), id_of(bob.key)}
    one = (await admin.get(f"/v1/usage?key={id_of(bob.key)}")).json["data"]
    assert [row["key"] for row in one] == [id_of(bob.key)]
    for other in ("all", id_of(bob.key)):
        refused = await ann.get(f"/v1/usage?key={other}")
        assert refused.error == (403, "permission_error", "key_scope", "key")


async def test_acceptance_where_it_is_reported(api: Api) -> None:
    for event in ("shown", "shown", "accepted"):
        assert (await api.post("/v1/feedback", {"event": event})).json == {"noted": True}
    [row] = (await api.get("/v1/usage")).json["data"]
    assert (row["endpoint"], row["shown"], row["accepted"], row["requests"]) == ("/complete", 2, 1, 0)


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("first=yesterday", "first"),
        ("last=2026-02-30", "last"),
        ("first=2026-02-02&last=2026-02-01", "first"),
    ],
)
async def test_wrong_days_are_refused(api: Api, query: str, param: str) -> None:
    reply = await api.get(f"/v1/usage?{query}")
    assert reply.error == (400, "invalid_request_error", "invalid_value", param)


async def test_usage_days_0_counts_nothing_and_makes_no_file(start: Start, tmp_path: Path) -> None:
    api = await start(usage_days=0)
    assert (await api.post("/complete", HOLE)).status == 200
    assert (await api.post("/v1/feedback", {"event": "shown"})).json == {"noted": False}
    assert not (tmp_path / "server.db").exists()


async def test_what_is_older_than_wanted_is_forgotten(database: Database) -> None:
    old = Dimensions("k", (TODAY - timedelta(days=31)).isoformat(), "m", "/complete")
    await database.run(
        store.write, {old: Counts(requests=1, latency=Counter([3])), DIMENSIONS: Counts(requests=1)}
    )
    recorder = UsageRecorder(database, days=30)
    await recorder.write()
    found = await database.run(store.read, "0001-01-01", "9999-12-31", None)
    assert list(found) == [DIMENSIONS]


async def test_a_locked_database_neither_loses_nor_blocks(database: Database) -> None:
    recorder = UsageRecorder(database, days=30)
    assert database.path is not None
    with closing(sqlite3.connect(database.path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        recorder.add("k", "m", "/complete", Counts(requests=1))
        assert not await recorder.write()
        recorder.add("k", "m", "/complete", Counts(requests=1))
    assert await recorder.write()
    [counts] = (await recorder.read("0001-01-01", "9999-12-31", None)).values()
    assert counts.requests == 2


async def test_what_is_written_is_not_written_again_when_forgetting_fails(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(connection: Connection, day: str) -> None:
        raise DatabaseUnavailable("Away.")

    recorder = UsageRecorder(database, days=30)
    recorder.add("k", "m", "/complete", Counts(requests=1))
    with monkeypatch.context() as patched:
        patched.setattr(store, "forget_before", fail)
        assert not await recorder.write()
    [counts] = (await recorder.read("0001-01-01", "9999-12-31", None)).values()
    assert counts.requests == 1


async def test_a_reader_that_hangs_up_loses_nothing(database: Database) -> None:
    recorder = UsageRecorder(database, days=30)
    assert database.path is not None
    with closing(sqlite3.connect(database.path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        recorder.add("k", "m", "/complete", Counts(requests=1))
        reader = asyncio.create_task(recorder.write())
        await until(lambda: not recorder._waiting)
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)
    [counts] = (await recorder.read("0001-01-01", "9999-12-31", None)).values()
    assert counts.requests == 1


async def test_answers_go_on_without_a_database(start: Start) -> None:
    api = await start(database="sqlite:////proc/no/such/place.db")
    assert (await api.post("/complete", HOLE)).status == 200
    refused = await api.get("/v1/usage")
    assert refused.error[:3] == (503, "overloaded_error", "upstream_unavailable")


async def test_two_writers_add_to_the_same_rows(database: Database) -> None:
    one = {DIMENSIONS: Counts(requests=1, completion_tokens=5, latency=Counter({10: 1}))}
    await asyncio.gather(*(database.run(store.write, one) for _ in range(20)))
    [counts] = (await database.run(store.read, DIMENSIONS.day, DIMENSIONS.day, None)).values()
    assert (counts.requests, counts.completion_tokens, counts.latency) == (20, 100, Counter({10: 20}))


@given(st.floats(0.01, 1e6))
def test_a_bucket_is_within_an_eighth_of_the_time(milliseconds: float) -> None:
    assert bucket_ms(bucket_of(milliseconds)) == pytest.approx(milliseconds, rel=0.125)


@given(st.lists(st.integers(-20, 60), min_size=1), st.floats(0.01, 1))
def test_percentiles_are_those_of_the_sorted_list(buckets: list[int], share: float) -> None:
    counts = Counts(latency=Counter(buckets))
    at = max(0, -int(-share * len(buckets) // 1) - 1)
    assert counts.percentile(share) == round(bucket_ms(sorted(buckets)[at]), 2)


@given(st.lists(st.builds(Counts, requests=st.integers(0, 9), errors=st.integers(0, 9)), max_size=6))
def test_sums(many: list[Counts]) -> None:
    total = Counts()
    for counts in many:
        total.add(counts)
    assert total.requests == sum(counts.requests for counts in many)
    assert total.errors == sum(counts.errors for counts in many)


def test_days_are_utc() -> None:
    assert store.day_of(0) == "1970-01-01"
    assert date.fromisoformat(store.day_of(86_399)) == date(1970, 1, 1)


async def test_a_database_that_could_not_be_made_is_made_later(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.write_text("in the way")
    api = await start(database=f"sqlite:///{folder / 'server.db'}")
    assert (await api.post("/complete", HOLE)).status == 200
    assert not await api.services.usage.write()
    folder.unlink()
    assert (await api.get("/v1/usage")).json["total"]["requests"] == 1


async def test_an_empty_file_is_what_a_full_disk_left_of_a_new_database(start: Start, tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    api = await start(database=f"sqlite:///{tmp_path / 'empty.db'}")
    assert (await api.post("/complete", HOLE)).status == 200
    assert (await api.get("/v1/usage")).json["total"]["requests"] == 1

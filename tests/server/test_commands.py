"""``fimble keys`` and ``fimble usage``."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fimble.cli.commands import app
from fimble.cli.keyring import when
from fimble.engine.errors import FimbleError, SettingsError
from fimble.server.store.database import Database
from fimble.server.store.keys import id_of
from fimble.server.store.usage import Counts, Dimensions, day_of, write


@pytest.fixture(autouse=True)
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    address = f"sqlite:///{tmp_path / 'sub' / 'server.db'}"
    monkeypatch.setenv("FIMBLE_SERVER_DATABASE", address)
    monkeypatch.setenv("FIMBLE_CONFIG", str(tmp_path / "none.toml"))
    return Database(address)


def run(*arguments: str) -> str:
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output.strip()


def test_a_key_is_shown_once() -> None:
    key = run("keys", "create", "ann")
    assert key.startswith("fim_")
    assert key not in run("keys", "list")


def test_everything_that_a_key_can_be_given() -> None:
    run(
        "keys", "create", "bot", "--expires", "30d", "--scopes", "complete,admin", "--models", "a, b",
        "--rpm", "60", "--tpm", "1000", "--daily-tokens", "9999", "--concurrent", "2", "--max-tokens", "64",
    )  # fmt: skip
    [key] = json.loads(run("keys", "list", "--json"))
    assert (key["name"], key["state"], key["scopes"]) == ("bot", "active", ["admin", "complete"])
    assert key["models"] == ["a", "b"]
    assert (key["requests_per_minute"], key["tokens_per_minute"]) == (60, 1000)
    assert (key["tokens_per_day"], key["concurrent"], key["max_tokens"]) == (9999, 2, 64)
    assert key["expires"] > key["created"]


def test_revoke_by_name_or_id() -> None:
    run("keys", "create", "ann")
    identity = id_of(run("keys", "create", "bob"))
    assert "ann" in run("keys", "revoke", "ann")
    assert "bob" in run("keys", "revoke", identity)
    assert [key["state"] for key in json.loads(run("keys", "list", "--json"))] == ["revoked", "revoked"]
    with pytest.raises(FimbleError, match="no active key"):
        run("keys", "revoke", "ann")


def test_rotate_prints_another_key_with_the_same_id() -> None:
    old = run("keys", "create", "ann")
    new = run("keys", "rotate", "ann")
    assert new != old
    assert id_of(new) == id_of(old)


@pytest.mark.parametrize(
    "arguments",
    [
        ("",),
        (" ",),
        ("x" * 129,),
        ("a", "--scopes", "everything"),
        ("a", "--expires", "soon"),
        ("a", "--expires", "99999999y"),
        ("a", "--expires", "2020-01-31"),
        ("a", "--models", "m" * 3000),
        ("a", "--rpm", "9999999999"),
    ],
)
def test_what_cannot_be_made_is_one_sentence(arguments: tuple[str, ...]) -> None:
    with pytest.raises(FimbleError) as caught:
        run("keys", "create", *arguments)
    assert caught.value.message.endswith((".", "list"))


def test_spans_and_dates() -> None:
    assert when("12h", 0) == 12 * 3600
    assert when("2w", 1) == 1 + 14 * 86_400
    assert when("1970-01-02", 0) == 86_400
    for wrong in ("", "d", "-1d", "2026-13-01"):
        with pytest.raises(SettingsError):
            when(wrong, 0)


def test_usage_by_key_and_by_model(database: Database) -> None:
    key = run("keys", "create", "ann")
    today = day_of(time.time())
    counts = Counts(requests=3, completion_tokens=30, latency=Counter({10: 3}))
    with database.open() as connection:
        write(connection, {Dimensions(id_of(key), today, "m1", "/complete"): counts})
        write(connection, {Dimensions("", today, "m2", "/complete"): Counts(requests=1)})
    by_key = json.loads(run("usage", "--json"))
    assert [(row["key"], row["requests"]) for row in by_key] == [("no key", 1), ("ann", 3)]
    by_model = json.loads(run("usage", "--json", "--by", "model"))
    assert [(row["model"], row["completion_tokens"]) for row in by_model] == [("m1", 30), ("m2", 0)]
    assert "ann" in run("usage")
    with pytest.raises(SettingsError, match="--by"):
        run("usage", "--by", "moon")


def test_usage_without_a_database_says_so() -> None:
    with pytest.raises(FimbleError, match="no database"):
        run("usage")

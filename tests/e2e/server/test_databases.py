"""Keys and usage in a real PostgreSQL, limits in a real Redis, each shared by two servers."""

from __future__ import annotations

import glob
import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from .conftest import Serve, program, wait_for
from .test_serve import HOLE, ask

pytestmark = pytest.mark.e2e


@dataclass
class Postgres:
    """A database server that can be stopped and started again."""

    address: str
    start: Callable[[], subprocess.Popen[bytes]]
    running: subprocess.Popen[bytes]

    def stop(self) -> None:
        self.running.send_signal(signal.SIGINT)  # which ends connections too
        self.running.wait(60)


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Postgres]:
    """A fresh database, reached through a socket below the test's folder."""
    places = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
    initdb, server = program("initdb", *places), program("postgres", *places)
    # it refuses to run as root
    account = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}
    folder = tmp_path / "pg"
    folder.mkdir()
    if account:
        for parent in (tmp_path, *tmp_path.parents[:2]):
            parent.chmod(parent.stat().st_mode | 0o011)
        subprocess.run(["chown", "postgres:postgres", str(folder)], check=True)
    data = str(folder / "data")
    subprocess.run(
        [initdb, "--pgdata", data, "--username", "fimble", "--auth", "trust", "--no-sync"],
        check=True, capture_output=True, cwd=folder, **account,  # type: ignore[call-overload]
    )  # fmt: skip

    def start() -> subprocess.Popen[bytes]:
        running: subprocess.Popen[bytes] = subprocess.Popen(
            [server, "-D", data, "-k", str(folder), "-c", "listen_addresses=", "-c", "fsync=off"],
            cwd=folder, stderr=subprocess.DEVNULL, **account,  # type: ignore[call-overload]
        )  # fmt: skip
        wait_for(lambda: (folder / ".s.PGSQL.5432").exists())
        return running

    database = Postgres(f"postgresql://fimble@/postgres?host={folder}", start, start())
    yield database
    database.stop()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[str]:
    socket = tmp_path / "redis.sock"
    command = [program("redis-server"), "--port", "0", "--unixsocket", str(socket), "--save", ""]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=tmp_path)
    wait_for(socket.exists)
    yield f"redis+unix://{socket}"
    running.terminate()
    running.wait(30)


def test_two_servers_on_one_postgresql(serve: Serve, postgres: Postgres) -> None:
    first = serve(fake={"answer": "x"}, key=("ann",), FIMBLE_SERVER_DATABASE=postgres.address)
    second = serve(fake={"answer": "x"}, FIMBLE_SERVER_DATABASE=postgres.address)
    for served in (first, second):
        assert ask(served, "/complete", HOLE, first.key)[0] == 200
        assert ask(served, "/v1/usage", key=first.key)[0] == 200  # which writes what was counted
    [row] = json.loads(first.fimble("usage", "--json"))
    assert (row["key"], row["requests"]) == ("ann", 2)
    first.fimble("keys", "rotate", "ann")
    first.fimble("keys", "revoke", "ann")
    wait_for(lambda: all(ask(each, "/complete", HOLE, first.key)[0] == 401 for each in (first, second)))


def test_a_postgresql_that_goes_away_loses_nothing(serve: Serve, postgres: Postgres) -> None:
    served = serve(fake={"answer": "x"}, key=("ann",), FIMBLE_SERVER_DATABASE=postgres.address)
    assert ask(served, "/complete", HOLE, served.key)[0] == 200
    postgres.stop()
    assert ask(served, "/complete", HOLE, served.key)[0] == 200
    status, refused = ask(served, "/v1/usage", key=served.key)
    assert (status, refused["error"]["code"]) == (503, "upstream_unavailable")
    postgres.running = postgres.start()
    wait_for(lambda: ask(served, "/v1/usage", key=served.key)[0] == 200)
    assert ask(served, "/v1/usage", key=served.key)[1]["total"]["requests"] == 2


def test_two_servers_count_limits_in_one_redis(serve: Serve, redis: str) -> None:
    first = serve("--limits", redis, fake={"answer": "x"}, key=("ann", "--rpm", "2"))
    second = serve("--limits", redis, fake={"answer": "x"})
    statuses = [ask(served, "/complete", HOLE, first.key)[0] for served in (first, second, first, second)]
    assert statuses == [200, 200, 429, 429]

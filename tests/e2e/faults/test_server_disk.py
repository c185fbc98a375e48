"""A server whose disk is full, whose home is read-only or missing, whose files are corrupt."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.e2e.server.conftest import FIMBLE, Serve, Served, environment_below, run_fimble, wait_for
from tests.e2e.server.test_serve import HOLE, ask

from .disks import fill, make_read_only

pytestmark = pytest.mark.e2e
GARBAGE = b"this is no database. " * 500


def counted(served: Served) -> int | None:
    """Requests in the database; None where it cannot be used."""
    status, answer = ask(served, "/v1/usage")
    return answer["total"]["requests"] if status == 200 else None


def test_a_disk_that_is_full_at_the_start_and_has_space_later(serve: Serve, small_disk: Path) -> None:
    fill(small_disk / "filler")
    served = serve(fake={"answer": "x"}, FIMBLE_SERVER_DATABASE=f"sqlite:///{small_disk / 'server.db'}")
    assert ask(served, "/complete", HOLE)[0] == 200
    assert counted(served) is None
    (small_disk / "filler").unlink()
    assert wait_for(lambda: counted(served)) == 1


def test_a_disk_that_fills_up_while_the_server_runs(serve: Serve, small_disk: Path) -> None:
    served = serve(fake={"answer": "x"}, FIMBLE_SERVER_DATABASE=f"sqlite:///{small_disk / 'server.db'}")
    assert ask(served, "/complete", HOLE)[0] == 200
    assert counted(served) == 1
    fill(small_disk / "filler")
    assert ask(served, "/complete", HOLE)[0] == 200
    (small_disk / "filler").unlink()
    assert wait_for(lambda: counted(served)) == 2


def test_a_disk_that_cannot_be_written_costs_the_counts(serve: Serve, small_disk: Path) -> None:
    make_read_only(small_disk)
    database = f"sqlite:///{small_disk / 'server.db'}"
    served = serve(fake={"answer": "x"}, HOME=str(small_disk), FIMBLE_SERVER_DATABASE=database)
    assert ask(served, "/complete", HOLE)[0] == 200
    assert ask(served, "/health")[0] == 200
    assert counted(served) is None
    assert "Read-only file system" in served.log.read_text()
    assert served.stop() == 0


def test_keys_on_a_disk_that_cannot_be_written_let_nobody_in(
    serve: Serve, tmp_path: Path, small_disk: Path
) -> None:
    database = {"FIMBLE_SERVER_DATABASE": f"sqlite:///{small_disk / 'server.db'}"}
    run_fimble(environment_below(tmp_path) | database, "keys", "create", "ann")
    make_read_only(small_disk)
    served = serve(fake={"answer": "x"}, **database)
    status, answer = ask(served, "/complete", HOLE)
    assert (status, answer["error"]["code"]) == (503, "upstream_unavailable")
    assert "Read-only file system" in served.log.read_text()


@pytest.mark.parametrize("home", ["/proc/no/home", ""])
def test_no_home_is_no_reason_not_to_answer(serve: Serve, home: str) -> None:
    database = "sqlite:////proc/no/home/server.db"
    served = serve(fake={"answer": "x"}, HOME=home, FIMBLE_SERVER_DATABASE=database)
    assert ask(served, "/complete", HOLE)[0] == 200
    assert ask(served, "/health")[0] == 200
    assert counted(served) is None


def test_a_corrupt_database_is_told_of_and_found_again(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "server.db").write_bytes(GARBAGE)
    served = serve(fake={"answer": "x"})
    assert "server.db cannot be used: file is not a database" in served.log.read_text()
    for status, answer in (ask(served, "/complete", HOLE), ask(served, "/health")):
        assert (status, answer["error"]["code"]) == (503, "upstream_unavailable")
        assert "database cannot be read" in answer["error"]["message"]
    (tmp_path / "server.db").unlink()
    wait_for(lambda: ask(served, "/health")[0] == 200)
    assert ask(served, "/complete", HOLE)[0] == 200


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"[server", b"[server]\nhost = 3", b"server = 3"])
def test_corrupt_settings_are_one_sentence(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "config.toml").write_bytes(data)
    command = [*FIMBLE, "serve", "--port", "0"]
    refused = subprocess.run(
        command, env=environment_below(tmp_path), capture_output=True, text=True, timeout=60
    )
    assert refused.returncode == 1
    assert refused.stderr.startswith("fimble: ")
    assert "Traceback" not in refused.stderr

"""One cluster for all tests of a module, which is stopped whatever becomes of them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.server.conftest import wait_for

from .machine import Machine, machine_below


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    # a short name: Ray's sockets lie below it
    home = Path(tempfile.mkdtemp(prefix="fr-"))
    made = machine_below(home)
    try:
        done = made.fimble(
            "deploy", "--replicas", "2", "--cpus", "0.5", "--models", "4", "--temp-dir", str(home / "r")
        )
        assert done.returncode == 0, done.stderr
        assert "fimble serve --engine ray" in done.stdout
        yield made
    finally:
        made.fimble("down")
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def here(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """The cluster is the one of this process's environment too."""
    for name, value in machine.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    return machine


@pytest.fixture
def both(here: Machine) -> None:
    """Both replicas are there, also after a test that killed one: documents change their places meanwhile."""
    wait_for(lambda: len(here.status()["replicas"]) == 2)

"""``fimble cluster`` itself: what it says where there is no cluster, and what is left behind it."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fimble.engine.errors import UpstreamRefused, UpstreamUnavailable
from fimble.engine.types import FimRequest
from tests.e2e.server.conftest import wait_for

from .machine import Machine, asking, machine_below, text_of

pytestmark = pytest.mark.e2e
HOLE = FimRequest("def f():\n    ", "", document="f.py")


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    """A machine without a cluster of ours."""
    with tempfile.TemporaryDirectory(prefix="fr-") as folder:
        made = machine_below(Path(folder))
        for name, value in made.environment.items():
            monkeypatch.setenv(name, value)
        yield made


async def test_a_wrong_address_is_one_sentence_everywhere(alone: Machine) -> None:
    async with asking(address="127.0.0.1:1") as cluster:
        with pytest.raises(
            UpstreamUnavailable, match=r"127\.0\.0\.1:1 cannot be reached: Connection refused"
        ):
            await text_of(cluster, HOLE)
        with pytest.raises(UpstreamUnavailable, match="cannot be reached"):  # at once, without a new try
            await cluster.check()
    async with asking(address="ray://127.0.0.1:10001") as cluster:
        with pytest.raises(UpstreamUnavailable, match="give `auto` as the address"):
            await cluster.info()
    for command in ("deploy", "status", "down"):
        done = alone.fimble(command, "--address", "127.0.0.1:1")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("fimble: The Ray cluster 127.0.0.1:1 cannot be reached")
        assert done.stderr.count("\n") == 1


def test_a_wrong_size_is_one_sentence(alone: Machine) -> None:
    for replicas in ("0", "3:2", "many"):
        done = alone.fimble("deploy", "--replicas", replicas)
        assert done.returncode == 1
        assert done.stderr.startswith("fimble: `--replicas` should be MIN or MIN:MAX")


async def test_a_cluster_is_used_asked_and_taken_down(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in machine.environment.items():
        monkeypatch.setenv(name, value)
    found = machine.status()
    assert found["state"] == "RUNNING"
    assert [row["models"] for row in found["replicas"]] == [["bundled"], ["bundled"]]
    table = machine.fimble("status").stdout
    assert all(word in table for word in ("RUNNING", "ongoing", "bundled", found["replicas"][0]["replica"]))
    address = (machine.home / "fimble" / "ray-cluster.json").read_text().split('"')[3]
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(machine.home / "nobody"))
    async with asking(address=address) as stranger:
        with pytest.raises(UpstreamRefused, match="refuses our token"):
            await text_of(stranger, HOLE)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(machine.home))
    async with asking("quick", timeout=5) as cluster:
        assert await text_of(cluster, HOLE) == "return item.value"
        assert "is stopped" in machine.fimble("down").stdout
        with pytest.raises(UpstreamUnavailable):
            await text_of(cluster, HOLE)
    wait_for(lambda: not _left(machine))
    assert machine.fimble("status", RAY_ADDRESS=address).returncode == 1


def _left(machine: Machine) -> list[str]:
    """Processes that still have the cluster's folder in their command line."""
    listed = subprocess.run(["ps", "-eo", "args="], capture_output=True, text=True, check=True).stdout
    return [
        line for line in listed.splitlines() if str(machine.home) in line and str(os.getpid()) not in line
    ]

"""A cluster of two nodes that somebody made by hand, and of which one dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import aclosing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
import ray

from fimble.engine.cluster.machine import free_port
from fimble.engine.types import FimRequest
from tests.e2e.server.conftest import wait_for

from .machine import Machine, Watcher, asking, begun, machine_below, text_of, watching

pytestmark = pytest.mark.e2e
SLOW = FimRequest("x" * 100, "")
CPUS = os.cpu_count() or 1
USUAL = [f"--num-cpus={CPUS}", f"--object-store-memory={80 << 20}", "--dashboard-agent-listen-port=0"]


@pytest.fixture
def by_hand(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Machine, int]]:
    """A machine with a replica on each of two nodes, and the second node."""
    with tempfile.TemporaryDirectory(prefix="fr-", ignore_cleanup_errors=True) as folder:
        made = machine_below(Path(folder))
        token, address = made.home / "token", f"{ray.util.get_node_ip_address()}:{free_port()}"
        token.write_text("7" * 64)
        made.environment.update(
            RAY_ADDRESS=address, RAY_AUTH_MODE="token", RAY_AUTH_TOKEN_PATH=str(token),
            RAY_USAGE_STATS_ENABLED="0",
        )  # fmt: skip
        for name, value in made.environment.items():
            monkeypatch.setenv(name, value)
        head = ["--head", f"--port={address.rpartition(':')[2]}", "--include-dashboard=false"]
        with (
            _node(made, *head, f"--temp-dir={made.home / 'r'}", f"--ray-client-server-port={free_port()}"),
            _node(made, f"--address={address}") as second,
        ):
            done = made.fimble("deploy", "--replicas", "2", "--cpus", str(0.75 * CPUS), "--models", "4")
            assert done.returncode == 0, done.stderr
            yield made, second


async def test_before_its_first_token_a_request_survives_its_node(by_hand: tuple[Machine, int]) -> None:
    machine, second = by_hand
    assert len({row["node_id"] for row in machine.status()["replicas"]}) == 2
    async with asking("slow") as slow, watching() as watcher:
        hole = await _hole_of(second, watcher)
        assert await text_of(slow, replace(hole, prefix="y")) == "at last"  # it has the model open
        answer = slow.generate(hole)
        async with aclosing(answer), begun(answer) as first:
            await watcher.until(hole, "slow", lambda found: found["ongoing"] == 1)
            _kill(second)
            piece = await first
            assert piece.text + "".join([delta.text async for delta in answer]) == "at last"


async def _hole_of(node: int, watcher: Watcher) -> FimRequest:
    """A request that belongs to the node's replica."""
    for number in range(100):
        hole = replace(SLOW, document=f"{number}.py")
        if (await watcher.owner(hole, "slow"))["process"] in _processes(node):
            return hole
    raise AssertionError("no document belongs to that node")


@contextmanager
def _node(machine: Machine, *arguments: str) -> Iterator[int]:
    """A node that has started, as the process that all of it came from."""
    log = machine.home / f"node{len([*machine.home.glob('node*')])}.log"
    with log.open("w") as out:
        started = subprocess.Popen(
            [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", *USUAL, *arguments],
            env=machine.environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
        )  # fmt: skip
    try:
        wait_for(lambda: started.poll() is not None or "Ray runtime started" in log.read_text())
        assert started.poll() is None, log.read_text()
        yield started.pid
    finally:
        _kill(started.pid)
        started.wait()


def _processes(node: int) -> set[int]:
    """All that run in the session that began with the node."""
    listed = subprocess.run(["ps", "-eo", "pid=,sess="], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listed.splitlines()]
    return {int(process) for process, session in rows if int(session) == node}


def _kill(node: int) -> None:
    for process in _processes(node):
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)

"""The server and its worker are killed, stopped or ended at five moments; nothing stays behind."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.server.conftest import FIMBLE, Serve, Served, environment_below, wait_for
from tests.e2e.server.test_serve import HOLE, ask

from .peers import connect, post, state
from .processes import WORKER, running, send

pytestmark = pytest.mark.e2e
FAKE = {"answer": "x", "endless": True, "prompt_token_ms": 1.0, "token_ms": 2.0}
SHORT = post("/v1/completions", {"prompt": "x", "max_tokens": 4000, "stream": True})
LONG = post("/v1/completions", {"prompt": "x" * 3000, "max_tokens": 900, "stream": True})


def ask_and_go(served: Served, request: bytes, first_bytes: bool) -> socket.socket:
    client = connect(served)
    client.sendall(request)
    if first_bytes:
        client.recv(100)
    return client


def loading(served: Served, home: Path) -> socket.socket:
    client = ask_and_go(served, SHORT, first_bytes=False)
    wait_for(lambda: running(WORKER, home))
    return client


def prompt(served: Served, home: Path) -> socket.socket:
    assert answers(served)
    return ask_and_go(served, LONG, first_bytes=False)


def decoding(served: Served, home: Path) -> socket.socket:
    return ask_and_go(served, SHORT, first_bytes=True)


def idle(served: Served, home: Path) -> socket.socket:
    assert answers(served)
    return connect(served)


STAGES = [loading, idle, prompt, decoding]
Stage = Callable[[Served, Path], socket.socket]
stages = pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.__name__)


def answers(served: Served) -> bool:
    return ask(served, "/complete", HOLE | {"max_tokens": 1})[0] == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_a_server_that_is_ended_while_it_starts(tmp_path: Path, number: signal.Signals) -> None:
    settings = environment_below(tmp_path) | {"FIMBLE_MODEL": "fake", "FIMBLE_FAKE": json.dumps(FAKE)}
    process = subprocess.Popen([*FIMBLE, "serve", "--port", "0"], env=settings, stderr=subprocess.DEVNULL)
    process.send_signal(number)
    assert process.wait(60) in (0, -number)
    wait_for(lambda: not running(WORKER, tmp_path))


@stages
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_a_server_that_is_ended(serve: Serve, tmp_path: Path, stage: Stage, number: signal.Signals) -> None:
    served = serve("--shutdown-seconds", "0.5", fake=FAKE)
    with stage(served, tmp_path):
        assert served.stop(number) == (0 if number == signal.SIGTERM else -number)
    wait_for(lambda: not running(WORKER, tmp_path))
    assert answers(serve(fake=FAKE)), "with the same database"


def test_a_server_that_is_stopped_for_a_while_goes_on(serve: Serve, tmp_path: Path) -> None:
    served = serve(fake=FAKE)
    for stage in STAGES:
        with stage(served, tmp_path):
            send(served.process.pid, signal.SIGSTOP)
            wait_for(lambda: state(served.process.pid) == "T")
            send(served.process.pid, signal.SIGCONT)
            assert answers(served)


def test_a_worker_that_is_ended_is_replaced(serve: Serve, tmp_path: Path) -> None:
    served = serve(fake=FAKE)
    for stage in STAGES:
        with stage(served, tmp_path):
            [worker] = wait_for(lambda: running(WORKER, tmp_path))
            send(worker, signal.SIGKILL)
            wait_for(lambda: answers(served))
            assert wait_for(lambda: running(WORKER, tmp_path)) != [worker]
    assert served.process.poll() is None

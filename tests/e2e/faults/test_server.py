"""An HTTP server whose peers are slow, silent, rude and many: it answers everybody else."""

from __future__ import annotations

import pytest

from tests.e2e.server.conftest import Serve, Served, wait_for
from tests.e2e.server.test_serve import HOLE, ask

from .peers import PROMPT, RUDE, connect, crowd, descriptors, post
from .processes import descriptors_of_children, memory_bytes

pytestmark = pytest.mark.e2e
FEW = 256


def answers(served: Served) -> bool:
    return ask(served, "/complete", HOLE) == (200, {"completion": "x", "finish_reason": "stop"})


def test_crowds_of_any_kind_lock_nobody_out_of_a_server_with_few_descriptors(serve: Serve) -> None:
    with descriptors_of_children(FEW):
        served = serve(fake={"answer": "x"})
    assert answers(served)
    before = descriptors(served.process.pid)
    for sent in RUDE.values():
        with crowd(served, FEW + 50, sent):
            assert answers(served)
            assert descriptors(served.process.pid) < FEW
        wait_for(lambda: descriptors(served.process.pid) <= before + 2)
    assert served.process.poll() is None
    assert "internal_error" not in served.log.read_text()


def test_1000_idle_connections_lock_nobody_out(serve: Serve) -> None:
    served = serve(fake={"answer": "x"})
    assert answers(served)
    with crowd(served, 1000, RUDE["idle"]):
        assert answers(served)
    wait_for(lambda: answers(served))


def test_a_sender_of_one_byte_at_a_time_is_served(serve: Serve) -> None:
    served = serve(fake={"answer": "x"})
    with connect(served) as client:
        for byte in post("/complete", HOLE):
            client.sendall(bytes([byte]))
        assert client.recv(4096).startswith(b"HTTP/1.1 200 ")


def test_2000_requests_that_are_hung_up_on_leave_nothing_behind(serve: Serve) -> None:
    served = serve(fake={"answer": "x", "endless": True, "token_ms": 0.1})
    hang_up(served, 300)
    files, memory = settled(served)
    hang_up(served, 1700)
    wait_for(lambda: descriptors(served.process.pid) <= files)
    assert memory_bytes(served.process.pid) < memory * 1.15


def settled(served: Served) -> tuple[int, int]:
    """Descriptors and memory when no request is under way."""
    wait_for(lambda: ask(served, "/v1/completions", {"prompt": "x", "max_tokens": 1})[0] == 200)
    return descriptors(served.process.pid), memory_bytes(served.process.pid)


def hang_up(served: Served, count: int) -> None:
    """Some hang up at once, some in the middle of their request, some of their answer."""
    request = post("/v1/completions", PROMPT)
    for number in range(count):
        with connect(served) as client:
            if number % 3 == 0:
                client.sendall(request[:-20])
                continue
            client.sendall(request)
            if number % 50 == 1:
                assert client.recv(100).startswith(b"HTTP/1.1 ")

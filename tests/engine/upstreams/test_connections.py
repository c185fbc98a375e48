"""What is sent, over how many connections, and what becomes of answers that nobody waits for."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from fimble.engine.errors import UpstreamUnavailable
from fimble.engine.limits import UPSTREAM_CONTEXT_CHARACTERS
from fimble.engine.types import FimRequest, Sampling, Snippet
from fimble.engine.upstreams.backend import UpstreamBackend

from .asking import backend_of
from .upstream import LAST, Upstream, chunked

REQUEST = FimRequest("def f(", ")\n", language="python", path="f.py", document="file:///home/ann/secret/f.py")


async def ask(remote: UpstreamBackend, request: FimRequest = REQUEST) -> str:
    return "".join([delta.text async for delta in remote.generate(request)])


async def ask_and_give_up(remote: UpstreamBackend, server: Upstream, request: FimRequest = REQUEST) -> None:
    """As an editor does with each key: the request is on its way when it is no longer wanted."""
    before = len(server.asked)
    task = asyncio.ensure_future(ask(remote, request))
    await server.until(lambda: len(server.asked) > before)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def answer_one(server: Upstream) -> None:
    before = server.answered
    server.gate.set()
    await server.until(lambda: server.answered > before)


async def test_everything_that_matters_is_sent(server: Upstream) -> None:
    remote = backend_of(server.url, model="big")
    server.answer = chunked({"delta": "a"}, LAST)
    request = FimRequest(
        "pre\ud83d", "suf", "go", "a.go", (Snippet("b.go", "func b()"),), "block", 9, Sampling(0.5, seed=3),
        ("x",), 20_000.7, "ours", "file:///a.go", trim=False, left_out=77,
    )  # fmt: skip
    await ask(remote, request)
    await remote.close()
    [sent] = server.asked
    assert len(sent.pop("document")) == 32
    assert sent == {
        "prefix": "pre?", "suffix": "suf", "language": "go", "file_path": "a.go", "mode": "block",
        "context": [{"file_path": "b.go", "content": "func b()"}], "max_tokens": 9, "temperature": 0.5,
        "seed": 3, "stop": ["x"], "deadline_ms": 20_000, "model": "big", "trim": False, "left_out": 77,
        "stream": True, "details": True,
    }  # fmt: skip


async def test_of_a_large_file_the_neighbourhood_is_sent(remote: UpstreamBackend, server: Upstream) -> None:
    server.answer = chunked({"delta": "a"}, LAST)
    await ask(remote, FimRequest("x" * 100_000 + "y", "z" * 100_000, left_out=5))
    [sent] = server.asked
    assert len(sent["prefix"]) == UPSTREAM_CONTEXT_CHARACTERS
    assert sent["prefix"].endswith("xy")
    assert len(sent["suffix"]) <= UPSTREAM_CONTEXT_CHARACTERS // 4
    assert sent["left_out"] + len(sent["prefix"]) == 100_006


async def test_a_document_has_one_name_that_tells_nothing(remote: UpstreamBackend, server: Upstream) -> None:
    server.answer = chunked({"delta": "a"}, LAST)
    other = backend_of(server.url)
    for each in (remote, remote, other):
        await ask(each)
    await ask(other, replace(REQUEST, document=None, workspace="/home/ann/work"))
    await other.close()
    first, second, third, fourth = server.asked
    assert first["document"] == second["document"] != third["document"]
    assert "document" not in fourth
    assert "ann" not in first["document"]
    assert "workspace" not in first
    assert "ann" not in fourth["workspace"]


async def test_requests_share_a_connection(remote: UpstreamBackend, server: Upstream) -> None:
    server.answer = chunked({"delta": "a"}, LAST)
    for document in (REQUEST.document, None):
        for _ in range(5):
            assert await ask(remote, replace(REQUEST, document=document)) == "a"
    assert server.connections == 1


async def test_a_request_that_is_given_up_costs_no_connection(
    remote: UpstreamBackend, server: Upstream
) -> None:
    server.answer = chunked({"delta": "a"}, LAST)
    for _ in range(10):
        server.gate.clear()
        await ask_and_give_up(remote, server)
        await answer_one(server)
    assert await ask(remote) == "a"
    assert server.connections <= 3
    assert server.closed == 0


async def test_without_a_document_giving_up_ends_the_connection(
    remote: UpstreamBackend, server: Upstream
) -> None:
    await ask_and_give_up(remote, server, replace(REQUEST, document=None))
    await server.until(lambda: server.closed == 1)


async def test_an_answer_that_does_not_come_ends_the_connection(
    remote: UpstreamBackend, server: Upstream
) -> None:
    for _ in range(6):
        await ask_and_give_up(remote, server)
    await server.until(lambda: server.closed == 6)


async def test_a_server_that_hangs_is_not_waited_for(server: Upstream) -> None:
    remote = backend_of(server.url, timeout=0.01)
    with pytest.raises(UpstreamUnavailable, match="did not answer in time"):
        await ask(remote)
    with pytest.raises(UpstreamUnavailable, match="did not answer in time"):
        await remote.info()
    await server.until(lambda: server.closed == server.connections)
    await remote.close()


async def test_warming_sends_nothing(remote: UpstreamBackend, server: Upstream) -> None:
    await remote.warm(REQUEST)
    assert server.asked == []


async def test_closing_ends_what_is_under_way(remote: UpstreamBackend, server: Upstream) -> None:
    await ask_and_give_up(remote, server)
    await remote.close()
    await server.until(lambda: server.closed == 1)

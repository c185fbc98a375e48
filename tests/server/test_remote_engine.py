"""A server as another fimble's engine: what one sends, the other understands."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace

import pytest

from fimble.engine.engine import Engine
from fimble.engine.errors import InvalidRequest, Superseded
from fimble.engine.serving import Serving
from fimble.engine.settings import Settings
from fimble.engine.types import FimRequest
from fimble.engine.upstreams.backend import UpstreamBackend
from fimble.server.store.keys import NewKey
from tests.engine.upstreams.asking import backend_of

from .conftest import ANSWER, Api, Start
from .test_passing_on import Listener

REQUEST = FimRequest(
    "def add(a, b):\n    ", "\n", "python", "a.py", document="file:///home/ann/a.py", left_out=9
)


@pytest.fixture
async def remote(api: Api) -> AsyncIterator[UpstreamBackend]:
    made = backend_of(api.url)
    yield made
    await made.close()


async def test_answers_as_a_local_engine_does(api: Api, remote: UpstreamBackend) -> None:
    engine = Engine(Settings(engine=api.url), backend=remote)
    assert (await remote.info()).id == "fake"
    made = await engine.complete(REQUEST)
    assert (made.text, made.finish_reason) == (ANSWER, "stop")
    assert made.usage.completion_tokens == len(ANSWER)
    assert made.timings.total_ms > 0
    assert engine.serving == Serving(api.url, "fake")


async def test_the_model_is_known_from_the_answer(api: Api, remote: UpstreamBackend) -> None:
    async for _ in remote.generate(REQUEST):
        pass
    assert remote.serving.model == "fake"


async def test_what_is_wrong_is_told_in_the_server_s_words(remote: UpstreamBackend) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await anext(remote.generate(FimRequest("a", "b", stop=("x",) * 9)))
    assert caught.value.param == "stop"


async def test_document_and_left_out_reach_the_engine(start: Start) -> None:
    listener = Listener()
    api = await start(backend=listener)
    remote = backend_of(api.url)
    for request in (REQUEST, replace(REQUEST, suffix="")):
        async for _ in remote.generate(request):
            pass
    await remote.close()
    first, second = listener.heard
    assert isinstance(first, FimRequest)
    assert first.left_out == 9
    assert first.document is not None
    assert first.document == second.document
    assert "ann" not in first.document


async def test_documents_of_two_people_are_two(start: Start) -> None:
    listener = Listener()
    api = await start(backend=listener)
    body = {"prefix": "", "suffix": "", "language": "c", "document": "a.c"}
    for name in ("ann", "bob"):
        await (await api.make_key(NewKey(name))).post("/complete", body)
    assert len({request.document for request in listener.heard}) == 2


async def test_a_newer_request_for_a_document_ends_the_older_one(start: Start) -> None:
    api = await start(fake={"endless": True, "token_ms": 20})
    body = {"prefix": "", "suffix": "", "language": "c", "document": "a.c", "max_tokens": 8000, "trim": False}
    async with api.session.post(api.url + "/complete", json=body | {"stream": True}) as older:
        await older.content.readline()
        assert (await api.post("/complete", body | {"max_tokens": 2})).status == 200
        assert b"overloaded" in await older.content.read()


async def test_a_request_that_a_newer_one_ended_is_told_so(start: Start) -> None:
    api = await start(fake={"endless": True, "token_ms": 20})
    remote = backend_of(api.url)
    request = replace(REQUEST, trim=False, max_tokens=8000)
    async with aclosing(remote.generate(request)) as older, aclosing(remote.generate(request)) as newer:
        await anext(older)
        await anext(newer)
        with pytest.raises(Superseded):
            [delta async for delta in older]
    await remote.close()

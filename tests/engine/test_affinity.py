"""Requests go back to the worker that has read their beginning, with or without a document's name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace

import pytest

from fimble.engine.backends.affinity import Affinity, affinity_of
from fimble.engine.backends.local import LocalBackend, LocalModel
from fimble.engine.limits import AFFINITIES_KEPT
from fimble.engine.types import ChatRequest, FimRequest, Message, Request, TextRequest

from .workers import Make

FILE = FimRequest("import a\n\ndef f():\n    x = ", "\n", "python", document="a.py", user="ann", trim=False)
UNNAMED = replace(FILE, document=None)


@pytest.fixture
async def backend(make: Make) -> AsyncIterator[LocalBackend]:
    made = LocalBackend(LocalModel("fake", "fake"), lambda: make(endless=True), 2)
    yield made
    await made.close()


async def cached(backend: LocalBackend, request: Request) -> int:
    """How many tokens of the request's prompt its worker had read before."""
    made = [delta async for delta in backend.generate(request)]
    assert made[-1].usage is not None
    return made[-1].usage.cached_tokens


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (FILE, replace(FILE, document="b.py", prefix="/* b.c */ " * 9)),
        (UNNAMED, replace(UNNAMED, path="b.py", prefix="/* b.c */\n" * 9)),
        (TextRequest("import a\n\nx = "), TextRequest("/* b.c */\ny = ")),
        (TextRequest((1, 2, 3, 4, 5)), TextRequest((9, 8, 7, 6, 5))),
        (ChatRequest((Message("user", "one"),)), ChatRequest((Message("user", "other"),))),
    ],
    ids=["document", "path and first lines", "text", "tokens", "chat"],
)
async def test_two_in_turn_have_a_worker_each(backend: LocalBackend, one: Request, other: Request) -> None:
    one, other = replace(one, max_tokens=4), replace(other, max_tokens=4)
    async with aclosing(backend.generate(replace(one, max_tokens=400))) as endless:
        await anext(endless)  # its worker is busy, so the other one goes elsewhere
        await cached(backend, other)
    for _ in range(2):
        for each in (one, other):
            assert await cached(backend, each) > 2, "the worker had read something else meanwhile"


async def test_a_worker_with_a_slot_left_keeps_its_documents(make: Make) -> None:
    backend = LocalBackend(LocalModel("fake", "fake"), lambda: make(endless=True), 2, slots=2)
    await cached(backend, replace(FILE, max_tokens=4))
    async with aclosing(backend.generate(replace(FILE, document="b.py", max_tokens=200))) as endless:
        await anext(endless)
        assert await cached(backend, replace(FILE, max_tokens=4)) > 0
    await backend.close()


async def test_who_would_have_to_wait_goes_to_an_idle_worker(backend: LocalBackend) -> None:
    async with aclosing(backend.generate(replace(FILE, max_tokens=200))) as endless:
        await anext(endless)
        assert await cached(backend, replace(FILE, max_tokens=4)) == 0


SAME = [
    (FILE, replace(FILE, prefix="other", path="b.py")),
    (UNNAMED, replace(UNNAMED, prefix=UNNAMED.prefix + "foo(\n", suffix=")")),
    (TextRequest("import a\nx"), TextRequest("import a\nx = 1")),
    (ChatRequest((Message("user", "a"), Message("assistant", "b"), Message("user", "c"))),
     ChatRequest((Message("user", "a"), Message("assistant", "b"), Message("user", "d")))),
]  # fmt: skip
DIFFERENT = [
    (FILE, replace(FILE, user="bob")),
    (FILE, replace(FILE, workspace="w")),
    (FILE, replace(FILE, document="b.py")),
    (FILE, UNNAMED),
    (UNNAMED, replace(UNNAMED, path="b.py")),
    (UNNAMED, replace(UNNAMED, prefix="import b\n\ndef f():\n    x = ")),
    (TextRequest("import a\nx"), TextRequest("import a\nx", document="a")),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same(one: Request, other: Request) -> None:
    assert affinity_of(one) == affinity_of(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different(one: Request, other: Request) -> None:
    assert affinity_of(one) != affinity_of(other)


def test_the_oldest_is_forgotten() -> None:
    places = Affinity[int]()
    for number in range(AFFINITIES_KEPT):
        places.note(replace(FILE, document=str(number)), number)
    places.note(replace(FILE, document="0"), 0)
    places.note(replace(FILE, document="new"), 1)
    assert [places.find(replace(FILE, document=name)) for name in ("0", "1", "2", "new")] == [0, None, 2, 1]

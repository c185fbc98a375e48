"""How sure a completion is, and what is not said because it is not sure: from the model to the client."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from fimble.engine.engine import Engine
from fimble.engine.settings import Settings
from fimble.engine.tokens import Certainty
from fimble.engine.types import Delta, FimRequest, Request
from tests.engine.upstreams.asking import backend_of

from .conftest import Api, FailingBackend, Start

HOLE: dict[str, Any] = {
    "prefix": "value = ", "suffix": "\n", "language": "python", "mode": "line", "details": True,
}  # fmt: skip
SURE, UNSURE = "total", " + other"


class Unsure(FailingBackend):
    """Is sure of its first word only; remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(RuntimeError())
        self.heard: list[Request] = []

    async def generate(self, request: Request) -> AsyncGenerator[Delta]:
        self.heard.append(request)
        yield Delta(SURE, certainties=(Certainty(SURE.encode(), 0, 0.9999, 0.9999),))
        end = Certainty(b"", len(SURE + UNSURE), 0.5, 0.5, 0.5)
        yield Delta(UNSURE, "stop", certainties=(Certainty(UNSURE.encode(), len(SURE), 1e-4, 1e-4), end))


@pytest.fixture
def model() -> Unsure:
    return Unsure()


@pytest.fixture
async def asked(start: Start, model: Unsure) -> Api:
    return await start(backend=model)


async def test_everything_is_said_unless_more_is_wanted(asked: Api) -> None:
    found = (await asked.post("/complete", HOLE)).json
    assert found["completion"] == SURE + UNSURE
    assert 0 <= found["confidence"] < 0.2


@pytest.mark.parametrize("wanted", [{"eagerness": "eager"}, {"eagerness": "subtle"}, {"min_confidence": 0.5}])
async def test_what_is_unsure_is_left_out(asked: Api, wanted: dict[str, Any]) -> None:
    found = (await asked.post("/complete", HOLE | wanted)).json
    assert found["completion"] == SURE
    assert found["confidence"] > 0.5


async def test_by_hand_only_a_number_counts(asked: Api) -> None:
    by_hand = HOLE | {"invoked": True, "eagerness": "subtle"}
    assert (await asked.post("/complete", by_hand)).json["completion"] == SURE + UNSURE
    assert (await asked.post("/complete", by_hand | {"min_confidence": 0.5})).json["completion"] == SURE


async def test_a_stream_tells_it_at_the_end(asked: Api) -> None:
    *pieces, last, _ = (await asked.post("/complete", HOLE | {"stream": True})).events
    assert "".join(each["delta"] for each in (*pieces, last)) == SURE + UNSURE
    assert 0 <= last["confidence"] < 0.2
    only, _ = (await asked.post("/complete", HOLE | {"stream": True, "min_confidence": 0.5})).events
    assert only["delta"] == SURE
    assert only["confidence"] > 0.5


async def test_without_details_nothing_is_told(asked: Api) -> None:
    found = (await asked.post("/complete", HOLE | {"details": False, "eagerness": "eager"})).json
    assert found == {"completion": SURE, "finish_reason": "stop"}


async def test_the_model_hears_where_it_may_stop(asked: Api, model: Unsure) -> None:
    await asked.post("/complete", HOLE)
    await asked.post("/complete", HOLE | {"eagerness": "eager"})
    await asked.post("/complete", HOLE | {"eagerness": "subtle"})
    floors = [each.floor for each in model.heard if isinstance(each, FimRequest)]
    assert 0 == floors[0] < floors[1] < floors[2]


async def test_an_answer_is_remembered_for_those_who_want_it_as_sure(asked: Api, model: Unsure) -> None:
    named = HOLE | {"document": "a.py"}
    for wanted in ({}, {"eagerness": "eager"}, {"eagerness": "subtle"}, {"min_confidence": 0.5}):
        first = (await asked.post("/complete", named | wanted)).json
        again = (await asked.post("/complete", named | wanted)).json
        assert again["from_memory"]
        assert (again["completion"], again["confidence"]) == (first["completion"], first["confidence"])
    assert len(model.heard) == 4


@pytest.mark.parametrize(
    "wrong", [{"eagerness": "keen"}, {"min_confidence": 1.1}, {"min_confidence": -1}, {"min_confidence": "x"}]
)
async def test_what_is_no_wish(asked: Api, wrong: dict[str, Any]) -> None:
    reply = await asked.post("/complete", HOLE | wrong)
    assert reply.status == 400
    assert reply.json["error"]["param"] in wrong


@pytest.fixture
async def through(asked: Api) -> AsyncIterator[Engine]:
    """An engine that asks the server."""
    engine = Engine(Settings(engine=asked.url), backend=backend_of(asked.url))
    yield engine
    await engine.close()


async def test_another_fimble_is_told_and_tells(through: Engine, model: Unsure) -> None:
    request = FimRequest("value = ", "\n", "python", mode="line")
    everything = await through.complete(request)
    assert everything.text == SURE + UNSURE
    assert everything.confidence is not None
    assert everything.confidence < 0.2
    sure = await through.complete(replace(request, eagerness="subtle", min_confidence=0.5))
    assert sure.text == SURE
    assert sure.confidence is not None
    assert sure.confidence > 0.5
    last = model.heard[-1]
    assert isinstance(last, FimRequest)
    assert (last.eagerness, last.min_confidence) == ("subtle", 0.5)

"""Answers through a real Ray cluster are those of the engine itself."""

from __future__ import annotations

import os
import signal
from contextlib import aclosing

import pytest

from fimble.engine.errors import InvalidRequest, ModelNotFound, UpstreamUnavailable, WorkerCrashed
from fimble.engine.opening import open_local
from fimble.engine.settings import Settings
from fimble.engine.types import FimRequest, Sampling, TextRequest, TokensRequest

from .machine import Machine, asking, begun, computed, first_of, text_of, watching, workers_of

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("here")]
HOLE = FimRequest("def add(first, second):\n    return ", "\n", language="python", document="add.py")
TEXT = TextRequest("import os\nimport ", max_tokens=12)
LONG = TextRequest("x", max_tokens=3000)
SLOW = FimRequest("x" * 100, "", document="slow.py")


async def test_the_same_text_tokens_and_certainties_as_here() -> None:
    local = open_local(Settings(threads=1), lambda state, detail: None)
    try:
        async with asking() as cluster:
            for request in (HOLE, TEXT, TokensRequest("def add")):
                here = [delta async for delta in local.generate(request)]
                there = [delta async for delta in cluster.generate(request)]
                assert "".join(each.text for each in there) == "".join(each.text for each in here)
                assert there[-1].tokens == here[-1].tokens
                assert there[-1].finish_reason == here[-1].finish_reason
                assert [c.text for each in there for c in each.certainties] == [
                    c.text for each in here for c in each.certainties
                ]
            info, own = await cluster.check(), await local.info()
            assert (info.context_window, info.supports_fim) == (own.context_window, own.supports_fim)
            assert info.backend == "ray auto"
            await cluster.warm(HOLE)
    finally:
        await local.close()


async def test_errors_of_the_engine_arrive_as_themselves() -> None:
    async with asking() as cluster:
        with pytest.raises(InvalidRequest) as refused:
            await text_of(
                cluster, TextRequest("x", grammar=None, sampling=Sampling(logit_bias=((10**9, 1.0),)))
            )
        assert refused.value.message
    async with asking("nobody") as cluster:
        with pytest.raises(ModelNotFound, match="no model 'nobody' on the Ray cluster"):
            await text_of(cluster, HOLE)


async def test_models_side_by_side_and_pieces_as_they_come(here: Machine) -> None:
    async with (
        asking("quick") as quick,
        asking("endless") as endless,
        aclosing(endless.generate(HOLE)) as deltas,
    ):
        assert (await anext(deltas)).text
        assert await text_of(quick, HOLE) == "return item.value"
        assert (await anext(deltas)).text
    kept = {model for row in here.status()["replicas"] for model in row["models"]}
    assert {"bundled", "quick", "endless"} <= kept


async def test_a_request_that_nobody_waits_for_stops_the_model() -> None:
    async with asking("endless") as endless, watching() as watcher:
        await first_of(endless, HOLE)
        owner = await watcher.until(HOLE, "endless", lambda found: found["ongoing"] == 0)
        workers = workers_of(owner["process"])
        assert workers
        before: dict[int, float] = {}
        while (now := {each: computed(each) for each in workers}) != before:
            before = now
            await watcher.owner(HOLE, "endless")
            assert (await watcher.owner(HOLE, "endless"))["ongoing"] == 0


@pytest.mark.usefixtures("both")
async def test_a_document_stays_with_its_replica_and_others_go_elsewhere() -> None:
    documents = [FimRequest("x", "", document=f"{number}.py") for number in range(12)]
    async with watching() as one, watching() as other:
        first = [(await one.owner(each, ""))["replica"] for each in documents]
        again = [(await other.owner(each, ""))["replica"] for each in documents]
    assert first == again
    assert len(set(first)) == 2


async def test_a_worker_that_dies_costs_its_request_and_not_the_replica(here: Machine) -> None:
    before = {row["replica"] for row in here.status()["replicas"]}
    async with asking("dying") as dying, asking("quick") as quick:
        with pytest.raises(WorkerCrashed):
            await text_of(dying, HOLE)
        assert await text_of(quick, HOLE) == "return item.value"
    assert {row["replica"] for row in here.status()["replicas"]} == before


@pytest.mark.usefixtures("both")
async def test_before_its_first_token_a_request_survives_its_replica() -> None:
    async with asking("slow") as slow, watching() as watcher:
        assert await text_of(slow, FimRequest("y", "", document="slow.py")) == "at last"
        answer = slow.generate(SLOW)
        async with aclosing(answer), begun(answer) as first:
            owner = await watcher.until(SLOW, "slow", lambda found: found["ongoing"] == 1)
            os.kill(owner["process"], signal.SIGKILL)
            piece = await first
            assert piece.text + "".join([delta.text async for delta in answer]) == "at last"


@pytest.mark.usefixtures("both")
async def test_before_its_first_token_a_request_survives_a_replica_that_hangs() -> None:
    hole = FimRequest("z" * 60, "", document="hangs.py")
    async with asking("quick") as quick, watching() as watcher:
        owner = await watcher.owner(hole, "quick")
        os.kill(owner["process"], signal.SIGSTOP)
        try:
            assert await text_of(quick, hole) == "return item.value"
        finally:
            os.kill(owner["process"], signal.SIGCONT)
        assert await text_of(quick, hole) == "return item.value"


@pytest.mark.usefixtures("both")
async def test_after_its_first_token_it_ends_with_one_error(here: Machine) -> None:
    async with asking("endless") as endless:
        async with aclosing(endless.generate(LONG)) as deltas:
            await anext(deltas)
            busy = next(row for row in here.status()["replicas"] if row["ongoing"])
            os.kill(busy["process"], signal.SIGKILL)
            with pytest.raises(UpstreamUnavailable, match="in the middle of its answer"):
                async for _ in deltas:
                    pass
        assert (await first_of(endless, HOLE))[0].text  # by the other replica

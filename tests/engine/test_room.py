"""Memory is short: the model that was not used for longest makes way, and nobody loses an answer."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from fimble.engine.engine import Engine
from fimble.engine.model_settings import ModelSettings
from fimble.engine.runtimes.memory import free_bytes, spare_bytes
from fimble.engine.settings import Settings
from fimble.engine.types import FimRequest, TextRequest

from .tiny_llama import tiny

SIZE = len(tiny()) * 9 // 8
Start = Callable[[float], Engine]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Starts engines with the models a, b and c on a machine that has memory for so many of them."""
    engines: list[Engine] = []

    def make(memory: float) -> Engine:
        tables = {}
        for name in "abc":
            (tmp_path / f"{name}.gguf").write_bytes(tiny())
            tables[name] = ModelSettings(model=str(tmp_path / f"{name}.gguf"), runtime="ctransformers")
        settings = Settings(model="a", models=tables, isolation="thread", threads=1)
        engines.append(Engine(settings, spare=lambda open_files: int(memory * SIZE) - open_files))
        return engines[-1]

    yield make
    for engine in engines:
        await engine.close()


async def ask(engine: Engine, *names: str) -> None:
    for name in names:
        request = FimRequest("a", "", model=name, mode="line", max_tokens=1, trim=False)
        assert (await engine.complete(request)).model == name


async def loaded(engine: Engine) -> str:
    return "".join(info.id for info in await engine.models() if info.loaded)


async def test_models_stay_while_there_is_room(start: Start) -> None:
    engine = start(3)
    await ask(engine, "a", "b", "c")
    assert await loaded(engine) == "abc"


async def test_the_one_not_used_for_longest_makes_way(start: Start) -> None:
    engine = start(2)
    await ask(engine, "a", "b", "a", "c")
    assert await loaded(engine) == "ac"
    await ask(engine, "b")
    assert await loaded(engine) == "bc"


async def test_as_many_make_way_as_are_needed(start: Start, tmp_path: Path) -> None:
    engine = start(2.9)
    await ask(engine, "a", "b")
    (tmp_path / "c.gguf").write_bytes(tiny() + b"\0" * (SIZE * 8 // 9))
    await ask(engine, "c")
    assert await loaded(engine) == "c"


async def test_a_model_that_somebody_waits_for_stays(start: Start) -> None:
    engine = start(1)
    answer = engine.stream_text(TextRequest("a", max_tokens=50, model="a"))
    await anext(answer)
    await ask(engine, "b")
    assert await loaded(engine) == "ab"
    text = [delta async for delta in answer]
    assert text[-1].finish_reason is not None
    await ask(engine, "c")
    assert await loaded(engine) == "c"


async def test_models_that_are_opened_together_do_not_count_the_same_memory(start: Start) -> None:
    engine = start(2)
    await ask(engine, "a")
    await asyncio.gather(ask(engine, "b"), ask(engine, "c"))
    assert await loaded(engine) == "bc"


async def test_a_model_that_fits_beside_no_other_is_opened_alone(start: Start) -> None:
    """What does not fit at all is its worker's to say."""
    engine = start(0.5)
    await ask(engine, "a", "b", "a")
    assert await loaded(engine) == "a"


@pytest.mark.skipif(not os.path.exists("/proc/meminfo"), reason="asks Linux")
def test_what_others_have_mapped_is_not_spare() -> None:
    assert spare_bytes(1 << 60) < free_bytes()

"""A service that is started before it is known what it is to serve: real processes, with the fake model."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from fimble.engine.shared import service
from fimble.engine.shared.address import Address
from fimble.engine.shared.join import join
from fimble.engine.shared.spare import SPARE, Spare

from ..e2e.faults.processes import SERVICE, WORKER, running, runtime_folder, until
from .test_shared import editor, options, text


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with runtime_folder() as path:
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(path))
        yield path


@pytest.fixture
def spare(folder: Path) -> Iterator[Spare]:
    made = Spare()
    made.start()
    token = SPARE.set(made)
    yield made
    SPARE.reset(token)
    made.drop()


def process_of(spare: Spare) -> int:
    assert spare._process is not None
    return spare._process.pid


async def test_the_spare_one_serves_and_so_does_its_worker(folder: Path, spare: Spare) -> None:
    await until(lambda: len(running(WORKER, folder)) == 1)
    (worker,), waiting = running(WORKER, folder), set(running(SERVICE, folder))
    async with editor(options()) as one:
        assert await text(one) == "hello"
        assert running(WORKER, folder) == [worker]
        await until(lambda: len(running(SERVICE, folder)) == 1)
        assert set(running(SERVICE, folder)) < waiting


async def test_one_that_is_not_needed_ends(folder: Path, spare: Spare) -> None:
    await until(lambda: len(running(WORKER, folder)) == 1)
    process = spare.drop()
    assert process is not None
    process.wait(60)
    await until(lambda: not running(SERVICE, folder) and not running(WORKER, folder))
    assert spare.drop() is None


async def test_who_joins_another_service_lets_it_end(folder: Path, spare: Spare) -> None:
    token = SPARE.set(Spare())
    async with editor(options()) as other:
        assert await text(other) == "hello"
        (serving,) = set(running(SERVICE, folder)) - waiting_services(folder, spare)
        SPARE.reset(token)
        _, writer = await join(Address(options()))
        await until(lambda: running(SERVICE, folder) == [serving])
        writer.close()


def waiting_services(folder: Path, spare: Spare) -> set[int]:
    """The spare one's first process, and what was split off it."""
    first = process_of(spare)
    group = {each for each in running(SERVICE, folder) if os.getpgid(each) == os.getpgid(first)}
    return {first, *group}


async def test_none_is_started_where_a_service_runs(folder: Path) -> None:
    async with editor(options()) as one:
        assert await text(one) == "hello"
        another = Spare()
        another.start()
        assert another.take() is None


async def test_one_that_has_died_is_not_waited_for(folder: Path, spare: Spare) -> None:
    os.killpg(process_of(spare), signal.SIGKILL)
    async with editor(options()) as one:
        assert await text(one) == "hello"


async def test_one_that_hears_nothing_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "SPARE_SECONDS", 0.01)
    readable, writable = os.pipe()
    kept = os.dup(0)
    os.dup2(readable, 0)
    try:
        assert await service._options() is None
    finally:
        os.write(writable, b"\n")
        os.dup2(kept, 0)
        for each in (readable, writable, kept):
            os.close(each)

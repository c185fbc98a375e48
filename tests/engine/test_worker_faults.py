"""Workers that crash, hang or do not open their model: with real processes, or in virtual time."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable

import pytest

from fimble.engine.errors import EngineClosed, ModelFileError, ModelLoading, WorkerCrashed
from fimble.engine.limits import CHECK_SECONDS, CRASHES_IN_A_ROW, HUNG_PINGS, PING_SECONDS, RETRY_SECONDS
from fimble.engine.workers.in_thread import ThreadTransport
from fimble.engine.workers.messages import WorkerOptions
from fimble.engine.workers.transports import ProcessTransport, Transport
from fimble.engine.workers.worker import Worker

from . import virtual_time
from .steps import Fate
from .workers import Make, read, request, text, until


def in_steps() -> tuple[Worker, Fate]:
    """A worker for virtual time, and what happens to it."""
    fate = Fate()
    return Worker(
        fate.make, WorkerOptions("fake", runtime="fake", fake={"answer": "hello"}), idle_seconds=0
    ), fate


class TestCrashes:
    async def test_the_crashed_job_fails_and_the_next_one_works(self, make: Make) -> None:
        worker = make(ProcessTransport, token_ms=20)
        deltas = worker.run(request())
        await anext(deltas)
        os.kill(worker.process_id, signal.SIGKILL)
        with pytest.raises(WorkerCrashed, match="signal 9"):
            await read(deltas)
        assert await text(worker, "y = ") == "hello"
        assert make.states.count("loading") == 2  # type: ignore[attr-defined]

    async def test_what_crashed_its_worker_is_refused_and_others_are_not(self, make: Make) -> None:
        worker = make(ProcessTransport, die_at_token=1)
        with pytest.raises(WorkerCrashed, match="signal 11"):
            await text(worker)
        with pytest.raises(WorkerCrashed, match="exactly this"):
            await text(worker)
        with pytest.raises(WorkerCrashed, match="signal 11"):
            await text(worker, "y = ")

    async def test_who_waited_meanwhile_goes_on_in_the_next_worker(self, make: Make) -> None:
        worker = make(ProcessTransport, token_ms=20)
        deltas = worker.run(request())
        await anext(deltas)
        waiting = asyncio.create_task(text(worker, "y = "))
        await until(lambda: worker.busy == 2)
        os.kill(worker.process_id, signal.SIGKILL)
        with pytest.raises(WorkerCrashed):
            await read(deltas)
        assert await waiting == "hello"

    @pytest.mark.parametrize("killed", [True, False])
    async def test_being_killed_is_no_request_s_fault(self, killed: bool) -> None:
        """In virtual time; nothing was seen of the request, so it may be done again."""

        async def end_at_work() -> None:
            worker, fate = in_steps()
            fate.on_work = lambda steps: steps.die(killed) if fate.started == 1 else None
            if killed:
                assert await text(worker) == "hello"
            else:
                with pytest.raises(WorkerCrashed, match="signal 11"):
                    await text(worker)
            assert fate.started == 1 + killed
            await worker.close()

        await asyncio.to_thread(virtual_time.run, end_at_work())

    async def test_a_model_that_always_crashes_is_given_up(self) -> None:
        """In virtual time, where a crash costs nothing."""

        async def crash_often() -> None:
            worker, fate = in_steps()
            for n in range(CRASHES_IN_A_ROW):
                deltas = worker.run(request(f"{n} = "))
                await anext(deltas)
                fate.workers[0].die()
                with pytest.raises(WorkerCrashed, match="signal 11"):
                    await read(deltas)
            with pytest.raises(WorkerCrashed, match="doctor"):
                await text(worker)
            await asyncio.sleep(RETRY_SECONDS)
            assert await text(worker) == "hello"
            await worker.close()

        await asyncio.to_thread(virtual_time.run, crash_often())

    async def test_an_answer_in_between_clears_the_model(self) -> None:
        async def crash_now_and_then() -> None:
            worker, fate = in_steps()
            for n in range(3 * CRASHES_IN_A_ROW):
                deltas = worker.run(request(f"{n} = "))
                await anext(deltas)
                fate.workers[0].die()
                with pytest.raises(WorkerCrashed, match="signal 11"):
                    await read(deltas)
                assert await text(worker) == "hello"
            await worker.close()

        await asyncio.to_thread(virtual_time.run, crash_now_and_then())


class TestOpening:
    @pytest.mark.parametrize("error", [ModelFileError("damaged"), RuntimeError("damaged")])
    async def test_a_failure_is_told_again_and_not_tried_for_every_key(self, error: Exception) -> None:
        async def type_on() -> None:
            worker, fate = in_steps()
            fate.open_errors += [error] * 3
            for _ in range(6):
                with pytest.raises(ModelFileError, match="damaged"):
                    await text(worker)
            assert fate.started == 1
            await asyncio.sleep(RETRY_SECONDS)
            for _ in range(6):
                with pytest.raises(ModelFileError, match="damaged"):
                    await text(worker)
            assert fate.started == 2
            await asyncio.sleep(RETRY_SECONDS * 2)
            with pytest.raises(ModelFileError):
                await text(worker)
            await asyncio.sleep(RETRY_SECONDS * 4)
            assert await text(worker) == "hello"
            await worker.close()

        await asyncio.to_thread(virtual_time.run, type_on())

    @pytest.mark.parametrize("transport", [ThreadTransport, ProcessTransport])
    async def test_an_unknown_error_is_told(self, make: Make, transport: Callable[[], Transport]) -> None:
        worker = make(transport, no_such_option=1)
        with pytest.raises(ModelFileError, match="no_such_option"):
            await text(worker)


class TestHanging:
    async def test_a_stopped_process_is_replaced_and_its_job_fails(self, make: Make) -> None:
        worker = make(ProcessTransport, ping_seconds=0.3, token_ms=20)
        deltas = worker.run(request())
        await anext(deltas)
        process = worker.process_id
        os.kill(process, signal.SIGSTOP)
        with pytest.raises(WorkerCrashed, match="replaced"):
            await read(deltas)
        assert await text(worker, "y = ") == "hello"
        await worker.close()
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)

    async def test_a_job_that_came_after_it_hung_is_done_by_the_next(self, make: Make) -> None:
        worker = make(ProcessTransport, ping_seconds=0.3)
        await worker.open()
        os.kill(worker.process_id, signal.SIGSTOP)
        assert await text(worker) == "hello"


class TestChecking:
    """Whether a worker lives, asked while nothing else is wanted of it."""

    async def test_one_that_lives_says_so(self) -> None:
        async def check() -> None:
            worker, _ = in_steps()
            assert (await worker.check()).id == "fake"
            assert await text(worker) == "hello"
            assert (await worker.check()).id == "fake"
            await worker.close()

        await asyncio.to_thread(virtual_time.run, check())

    async def test_one_that_hangs_is_told_in_time_and_replaced(self) -> None:
        async def check_many_times() -> None:
            worker, fate = in_steps()
            await worker.open()
            hung, time = fate.workers[0], asyncio.get_running_loop().time
            began = time()
            hung.hang()
            for n in range(1, 4):
                checks = await asyncio.gather(*(worker.check() for _ in range(50)), return_exceptions=True)
                assert {type(check) for check in checks} == {WorkerCrashed}
                assert time() - began == pytest.approx(n * CHECK_SECONDS)
            assert hung.pings <= 1 + 3 * CHECK_SECONDS / PING_SECONDS
            await asyncio.sleep((HUNG_PINGS + 2) * PING_SECONDS - (time() - began))
            assert fate.workers == []
            assert (await worker.check()).id == "fake"
            await worker.close()

        await asyncio.to_thread(virtual_time.run, check_many_times())

    async def test_one_that_opens_its_model_for_long_is_loading(self) -> None:
        async def check_while_loading() -> None:
            worker, fate = in_steps()
            opening = asyncio.create_task(worker.open())
            await until(lambda: fate.workers != [])
            fate.workers[0].hang()
            with pytest.raises(ModelLoading):
                await worker.check()
            opening.cancel()
            await worker.close()

        await asyncio.to_thread(virtual_time.run, check_while_loading())

    async def test_closing_ends_who_checks(self) -> None:
        async def close_meanwhile() -> None:
            worker, fate = in_steps()
            await worker.open()
            fate.workers[0].hang()
            checking = asyncio.create_task(worker.check())
            await asyncio.sleep(0.1)
            await worker.close()
            with pytest.raises(EngineClosed):
                await checking

        await asyncio.to_thread(virtual_time.run, close_meanwhile())

"""A model's own process is killed, stopped or told to end at five moments, with the bundled model.

The engine of ``fimble serve`` and of an editor without a shared one, which looks after its worker ten times
as often as usual. Each request ends once, with an answer or an error, and the next one is answered.
"""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from fimble.engine.backends.local import LocalBackend, LocalModel
from fimble.engine.engine import Engine
from fimble.engine.errors import FimbleError, WorkerCrashed
from fimble.engine.models.catalogue import resolve_model
from fimble.engine.settings import Settings
from fimble.engine.types import TextRequest
from fimble.engine.workers.messages import Ended, Piece, Pong, Reply, WorkerOptions, Working
from fimble.engine.workers.transports import OnExit, OnReply, ProcessTransport
from fimble.engine.workers.worker import Worker
from tests.e2e.lsp.conftest import Start
from tests.e2e.server.conftest import Serve
from tests.e2e.server.test_serve import HOLE, ask

from .processes import PATIENCE_SECONDS, WORKER, running, send, until

pytestmark = pytest.mark.e2e
PING_SECONDS = 0.1
SIGNALS = [signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM]
PROMPT = "".join(f"value_{number} = compute({number})\n" for number in range(80))
"""Long enough to be read for a while, and to be gone on with."""


@dataclass
class Fault:
    """Sends ``number`` to the first worker that says something ``at``; with None, to the first that runs."""

    number: signal.Signals
    at: type[Reply] | None = None
    hit: list[int] = field(default_factory=list)

    def heard(self, process: int, said: type[Reply] | None) -> None:
        if not self.hit and said is self.at:
            self.strike(process)

    def strike(self, process: int) -> None:
        self.hit.append(process)
        send(process, self.number)


class Struck(ProcessTransport):
    """A worker's process, to which a fault happens."""

    def __init__(self, fault: Fault | None) -> None:
        super().__init__()
        self._fault = fault

    async def start(self, on_reply: OnReply, on_exit: OnExit) -> None:
        def heard(reply: Reply) -> None:
            self._tell(type(reply))
            on_reply(reply)

        await super().start(heard, on_exit)
        self._tell(None)

    def _tell(self, said: type[Reply] | None) -> None:
        if self._fault is not None and self.process_id is not None:
            self._fault.heard(self.process_id, said)


class Person:
    """Somebody who asks the bundled model."""

    def __init__(self, fault: Fault) -> None:
        name, path = resolve_model("bundled")
        options = WorkerOptions(str(path), batch=16)

        def worker() -> Worker:
            return Worker(lambda: Struck(fault), options, idle_seconds=0, ping_seconds=PING_SECONDS)

        self.engine = Engine(Settings(), backend=LocalBackend(LocalModel(name, str(path)), worker))

    async def ask(self, prompt: str = "x = ", tokens: int = 2) -> FimbleError | None:
        """How a request ended: with an error, or with one last piece; nothing comes after either."""
        request = TextRequest(prompt, tokens)
        async with asyncio.timeout(PATIENCE_SECONDS), aclosing(self.engine.stream_text(request)) as stream:
            try:
                pieces = [piece async for piece in stream]
            except FimbleError as error:
                return error
            finally:
                assert await anext(stream, None) is None
        assert [piece for piece in pieces if piece.finish_reason is not None] == pieces[-1:]
        return None

    async def ask_much(self) -> FimbleError | None:
        return await self.ask(PROMPT, 200)

    async def is_answered_soon(self) -> None:
        """A model that did not open is tried again after a second; until then it is refused."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await self.ask() is not None:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


@asynccontextmanager
async def person(fault: Fault, mark: Path) -> AsyncIterator[Person]:
    """Somebody to whose worker a fault happens; at the end no process is left."""
    asking = Person(fault)
    yield asking
    await asking.engine.close()
    assert len(fault.hit) == 1
    assert not running(WORKER, mark)


@pytest.fixture
def mark(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Stands in the environment of the processes of one test."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("number", SIGNALS)
class TestTheWorkerIsHit:
    @pytest.mark.parametrize("stage", [None, Pong], ids=["starts", "loads"])
    async def test_before_its_model_is_open(
        self, mark: Path, number: signal.Signals, stage: type[Reply] | None
    ) -> None:
        async with person(Fault(number, stage), mark) as asking:
            assert isinstance(await asking.ask_much(), WorkerCrashed)
            await asking.is_answered_soon()

    async def test_while_it_is_idle(self, mark: Path, number: signal.Signals) -> None:
        fault = Fault(number, at=Ended)
        async with person(fault, mark) as asking:
            assert await asking.ask("y = ") is None
            assert fault.hit
            assert await asking.ask() is None

    @pytest.mark.parametrize("stage", [Working, Piece], ids=["reads", "decodes"])
    async def test_while_it_works(self, mark: Path, number: signal.Signals, stage: type[Reply]) -> None:
        """Who kills it is not the request: nobody notices if nothing was seen yet, and it may be asked again.
        What made it hang may be the request's doing."""
        killed = number is not signal.SIGSTOP
        async with person(Fault(number, stage), mark) as asking:
            struck, next_one = await asyncio.gather(asking.ask_much(), asking.ask())
            assert (struck is None) if killed and stage is Working else isinstance(struck, WorkerCrashed)
            assert next_one is None
            again = await asking.ask_much()
            assert (again is None) if killed else (again is not None and "exactly this" in again.message)


@pytest.mark.parametrize("number", SIGNALS)
async def test_an_editor_gets_its_suggestion_all_the_same(
    start: Start, tmp_path: Path, number: signal.Signals
) -> None:
    """A stopped worker is replaced after ten seconds."""
    editor = await start(XDG_RUNTIME_DIR=str(tmp_path))
    editor.open("def add(first, second):\n    return ▮\n")
    assert await editor.ask(invoked=True)
    for process in running(WORKER, tmp_path):
        send(process, number)
    editor.type("first + ")
    assert await editor.ask(invoked=True)
    assert editor.shown() == []
    await editor.stop()
    await until(lambda: not running(WORKER, tmp_path))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_stream_over_http_ends_with_one_error(serve: Serve, tmp_path: Path, number: signal.Signals) -> None:
    served = serve("--workers", "1")
    body = json.dumps({"prompt": PROMPT, "max_tokens": 900, "stream": True}).encode()
    with urlopen(Request(served.url + "/v1/completions", body, {"Content-Type": "application/json"})) as got:
        assert got.readline().startswith(b"data: {")
        [worker] = running(WORKER, tmp_path)
        send(worker, number)
        last = got.read().splitlines()[-2]
    assert json.loads(last.removeprefix(b"data: "))["error"]["code"] == "internal_error"
    assert ask(served, "/complete", HOLE)[0] == 200
    assert served.stop() == 0
    assert not running(WORKER, tmp_path)


def test_a_deadline_over_http_is_kept_though_the_worker_is_stopped(serve: Serve, tmp_path: Path) -> None:
    served = serve("--workers", "1")
    assert ask(served, "/complete", HOLE)[0] == 200
    [worker] = running(WORKER, tmp_path)
    send(worker, signal.SIGSTOP)
    status, answer = ask(served, "/complete", HOLE | {"prefix": "x = ", "deadline_ms": 100})
    assert (status, answer["error"]["code"]) == (504, "deadline_exceeded")
    send(worker, signal.SIGCONT)
    assert ask(served, "/complete", HOLE)[0] == 200

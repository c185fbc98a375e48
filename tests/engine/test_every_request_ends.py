"""Every request ends exactly once, whatever happens: with an answer, an error, or because its caller left.

Random histories of one engine after the other, in virtual time: requests of every kind, callers that leave,
workers that die, hang or do not open their model, engines that are replaced and closed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from fimble.engine.backends.local import LocalBackend, LocalModel
from fimble.engine.engine import Engine
from fimble.engine.errors import EngineClosed, FimbleError, ModelFileError, WorkerCrashed
from fimble.engine.limits import RETRY_SECONDS_MOST
from fimble.engine.settings import Settings
from fimble.engine.types import ChatRequest, Delta, FimRequest, Message, TextRequest
from fimble.engine.workers.messages import WorkerOptions
from fimble.engine.workers.worker import State, Worker

from .steps import Fate
from .virtual_time import run

HISTORIES, STEPS = 100, 100
SAID = "answer" * 8
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")  # of a history that fails


@dataclass(frozen=True)
class Ask:
    kind: str
    text: str
    document: str | None
    user: str
    deadline_ms: float | None
    model: str | None
    tokens: int

    async def of(self, engine: Engine) -> str:
        """Ask the engine; the answer."""
        match self.kind:
            case "warm":
                await engine.warm(self._fim())
                return ""
            case "complete":
                return (await engine.complete(self._fim())).text
            case "stream" | "ahead":
                return await read(engine.stream(self._fim(ahead=self.kind == "ahead")))
            case "text":
                return await read(engine.stream_text(TextRequest(self.text, self.tokens, **self._rest())))
            case _:
                messages = (Message("user", self.text),)
                chat = ChatRequest(messages, max_tokens=self.tokens, **self._rest())
                return await read(engine.stream_chat(chat))

    def _fim(self, ahead: bool = False) -> FimRequest:
        return FimRequest(self.text, "", max_tokens=self.tokens, ahead=ahead, **self._rest())

    def _rest(self) -> dict[str, object]:
        names = ("document", "user", "deadline_ms", "model")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class Leave:
    which: int


@dataclass(frozen=True)
class Pass:
    seconds: float


@dataclass(frozen=True)
class Happen:
    what: str
    which: int


async def read(stream: AsyncGenerator[Delta]) -> str:
    """A stream's text; exactly its last piece says why it ends."""
    async with aclosing(stream) as deltas:
        made = [delta async for delta in deltas]
    assert [delta.finish_reason is not None for delta in made] == [False] * (len(made) - 1) + [True]
    return "".join(delta.text for delta in made)


ASKS = st.builds(
    Ask,
    kind=st.sampled_from(["complete", "stream", "ahead", "warm", "text", "chat"]),
    text=st.sampled_from(["", "x = ", "y" * 700, "import os\n", "z" * 9000, *"abcdefgh"]),
    document=st.sampled_from([None, "a", "b"]),
    user=st.sampled_from(["ann", "bob"]),
    deadline_ms=st.sampled_from([None] * 7 + [5, 100, 5000]),
    model=st.sampled_from([None] * 15 + ["other"]),
    tokens=st.sampled_from([1, 10, 300]),
)
WORKERS = st.integers(0, 1)
LEAVES = st.builds(Leave, st.integers(0, 20))
PASSES = st.builds(Pass, st.sampled_from([0.0, 0.01, 0.03, 0.1, 0.3, 1.0]))
EVENTS = st.builds(
    Happen,
    st.sampled_from(["die", "die", "killed", "hang", "replace the engine", "a minute passes"]),
    WORKERS,
)
FAULTS = st.builds(Happen, st.sampled_from(["cannot open", "opens with a fault"]), WORKERS)
STEP = st.sampled_from([ASKS] * 40 + [LEAVES] * 10 + [PASSES] * 38 + [EVENTS] * 11 + [FAULTS]).flatmap(
    lambda kind: kind
)
IDLE = st.sampled_from([0.3, 30.0])
SLOTS = st.sampled_from([1, 1, 3])
"""Requests of a kind that one worker has at a time."""
NOT_BLAMED = ["exactly this", "in a row", "while the request waited", "fimble doctor"]
"""What those are told of a crash whose own request was not at work at that moment."""
HISTORY = st.lists(STEP, min_size=STEPS, max_size=STEPS)


@dataclass(eq=False)
class Asked:
    """One request, and the times at which it began and ended."""

    ask: Ask
    engine: Engine
    task: asyncio.Task[str]
    began: float
    ended: float | None = None
    left: bool = False

    @property
    def ahead(self) -> bool:
        return self.ask.kind in ("ahead", "warm")

    def replaces(self, other: Asked) -> bool:
        """Whether the other one, which was asked before, ends at once."""
        served = self.ask.model is None and not (self.left and self.ended == self.began)
        mine = (self.engine, self.ask.document, self.ask.user)
        same = self.ask.document is not None and mine == (other.engine, other.ask.document, other.ask.user)
        return served and same and (other.ahead or not self.ahead)


@dataclass
class World:
    workers: int
    queue: int
    idle_seconds: float
    slots: int = 1
    fate: Fate = field(default_factory=Fate)
    engines: list[Engine] = field(default_factory=list)
    closing: list[asyncio.Task[None]] = field(default_factory=list)
    closed: list[Engine] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    crashes: list[str] = field(default_factory=list)

    async def new_engine(self) -> None:
        if self.engines:
            self.closing.append(asyncio.create_task(self.close(self.engines[-1])))
            await asyncio.sleep(0)
        fake = {"answer": SAID, "context_length": 1024, "sequences": 2 * self.slots}
        options = WorkerOptions("fake", runtime="fake", batch=64, fake=fake)

        def worker() -> Worker:
            return Worker(self.fate.make, options, self.idle_seconds, self._note_state)

        backend = LocalBackend(LocalModel("fake", "fake"), worker, self.workers, slots=self.slots)
        self.engines.append(Engine(Settings(workers=self.workers, queue=self.queue), backend=backend))

    async def do(self, step: object) -> None:
        match step:
            case Ask():
                self._ask(step)
            case Leave(which) if which < len(self.asked):
                asked = self.asked[-1 - which]
                if not asked.task.done():
                    asked.task.cancel()
                    asked.left = True
            case Pass(seconds):
                await asyncio.sleep(seconds)
                await self._check_jobs()
            case Happen("replace the engine"):
                await self.new_engine()
            case Happen("a minute passes"):
                await asyncio.sleep(60)
            case Happen(what, which):
                self._happen(what, which)
        self._check_turns()

    def _ask(self, ask: Ask) -> None:
        task = asyncio.create_task(ask.of(self.engines[-1]))
        asked = Asked(ask, self.engines[-1], task, asyncio.get_running_loop().time())
        task.add_done_callback(lambda _: self._note_end(asked))
        self.asked.append(asked)

    def _happen(self, what: str, which: int) -> None:
        workers = self.fate.workers
        match what:
            case "cannot open":
                self.fate.open_errors.append(ModelFileError("damaged"))
            case "opens with a fault":
                self.fate.open_errors.append(RuntimeError("unknown"))
            case "die" if which < len(workers):
                workers[which].die()
            case "killed" if which < len(workers):
                workers[which].die(killed=True)
            case "hang" if which < len(workers):
                workers[which].hang()

    def _note_end(self, asked: Asked) -> None:
        assert asked.ended is None
        asked.ended = asyncio.get_running_loop().time()
        if asked.task.cancelled():
            assert asked.left
        elif (error := asked.task.exception()) is not None:
            assert isinstance(error, FimbleError), repr(error)
            assert asked.engine in self.closed or not isinstance(error, EngineClosed)
        else:
            assert asked.task.result() in SAID * 2, "made of one answer, and not of two"

    def _note_state(self, state: State, detail: str) -> None:
        if state == "failed" and "process" in detail:
            self.crashes.append(detail)

    def _check_turns(self) -> None:
        """Not more run or wait than may, and none twice or after its end."""
        scheduler = self.engines[-1]._scheduler
        running, waiting = scheduler._running, scheduler._waiting
        for long in (False, True):
            assert sum(ticket.long == long for ticket in running) <= self.workers * self.slots
        tickets = [*running, *waiting]
        assert len({id(ticket) for ticket in tickets}) == len(tickets)
        assert all(ticket.turn is not None and ticket.turn.done() for ticket in running)
        assert not any(ticket.turn is None or ticket.turn.done() for ticket in waiting)

    async def _check_jobs(self) -> None:
        """Workers are busy with nothing that nobody asks for any more."""
        for _ in range(5):  # what is about to happen at this moment
            await asyncio.sleep(0)
        running = sum(engine._scheduler.running for engine in self.engines)
        assert sum(len(worker.wanted) for worker in self.fate.workers) <= running

    def check_replaced(self) -> None:
        """Newer requests have ended what they took the place of, at once."""
        for at, newer in enumerate(self.asked):
            for older in self.asked[:at]:
                if newer.replaces(older):
                    assert older.ended is not None
                    assert older.ended <= newer.began, (older, newer)

    def check_crashes(self) -> None:
        """Only what was made to hang was taken for hanging, and only what was made to die has died."""
        hung = sum("was replaced" in why for why in self.crashes)
        assert hung <= self.fate.hung, self.crashes
        assert len(self.crashes) - hung <= self.fate.deaths, self.crashes
        errors = [asked.task.exception() for asked in self.asked if not asked.task.cancelled()]
        told = [str(error) for error in errors if isinstance(error, WorkerCrashed)]
        blamed = [why for why in told if not any(known in why for known in NOT_BLAMED)]
        assert len(blamed) <= self.fate.culprits, blamed

    async def settle(self) -> None:
        """Everything ends by itself, without being closed, and leaves nothing behind."""
        await asyncio.gather(*(asked.task for asked in self.asked), return_exceptions=True)
        await self._check_jobs()
        for engine in self.engines:
            scheduler = engine._scheduler
            assert (scheduler.running, scheduler.waiting) == (0, 0)
            backend = engine._models.default.backend
            assert isinstance(backend, LocalBackend)
            assert [worker.busy for worker in backend._workers] == [0] * self.workers
        await asyncio.sleep(29)  # cancelled jobs end, and what hangs is noticed; nobody is idle for so long
        for worker in self.fate.workers:
            assert not worker.under_way
            assert worker.hangs or not worker.remembered

    async def work_again(self) -> None:
        """Whatever has happened, it is over after a while."""
        self.fate.open_errors.clear()
        await asyncio.sleep(RETRY_SECONDS_MOST)
        answer = await self.engines[-1].complete(FimRequest("afterwards = ", "", max_tokens=10))
        assert answer.text == SAID[:10]

    async def close(self, engine: Engine) -> None:
        """Close an engine: nothing waits for a turn any more as soon as that has begun."""
        self.closed.append(engine)
        closing = asyncio.create_task(engine.close())
        await asyncio.sleep(0)
        assert (engine._scheduler.running, engine._scheduler.waiting) == (0, 0)
        await closing

    async def end(self) -> None:
        await asyncio.gather(*self.closing, self.close(self.engines[-1]))
        assert not self.fate.workers
        assert all(asked.ended is not None for asked in self.asked)
        self.check_replaced()
        self.check_crashes()


QUICK = settings(max_examples=HISTORIES, deadline=None, derandomize=True, phases=[Phase.generate])
"""Without making a history that fails shorter, which would take minutes."""


@QUICK
@given(history=HISTORY, workers=st.integers(1, 2), queue=st.integers(1, 4), idle=IDLE, slots=SLOTS)
def test_every_request_ends_exactly_once(
    history: list[object], workers: int, queue: int, idle: float, slots: int
) -> None:
    async def live() -> None:
        world = World(workers, queue, idle, slots)
        await world.new_engine()
        for step in history:
            await world.do(step)
        await world.settle()
        await world.work_again()
        await world.end()

    run(live())


@settings(QUICK, max_examples=HISTORIES // 4)
@given(history=HISTORY, workers=st.integers(1, 2), slots=SLOTS)
def test_closing_the_engine_ends_every_request(history: list[object], workers: int, slots: int) -> None:
    async def live() -> None:
        world = World(workers, queue=4, idle_seconds=30, slots=slots)
        await world.new_engine()
        for step in history[: STEPS // 2]:
            await world.do(step)
        await world.end()

    run(live())

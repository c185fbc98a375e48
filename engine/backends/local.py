"""Models run on this machine: requests become jobs of a worker that owns the model."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from dataclasses import astuple, dataclass, replace

from ..runtimes.memory import SEQUENCES_WANTED
from ..serving import CacheUse, Serving
from ..types import Delta, FimRequest, ModelInfo, Request
from ..workers.worker import Worker
from .affinity import Affinity
from .limited import limited


@dataclass(frozen=True, slots=True)
class LocalModel:
    """What is configured of a model, known without opening it."""

    id: str
    path: str


class LocalBackend:
    """Spreads requests over workers, each going back to the one whose cache knows its beginning."""

    def __init__(
        self,
        model: LocalModel,
        make_worker: Callable[[], Worker],
        workers: int = 1,
        engine: str = "local",
        slots: int = 1,
        glance: Callable[[], ModelInfo] | None = None,
    ) -> None:
        """``engine`` is what it is called: ``local`` or ``shared``; ``slots`` are those of one worker.
        ``glance`` tells of the model's file; it may take a while."""
        self._model, self._engine = model, engine
        self._workers = [make_worker() for _ in range(workers)]
        self._last_worker = Affinity[Worker]()
        self._glance = glance
        self._glanced: tuple[object, ModelInfo] | None = None
        self._looking = asyncio.Lock()
        self._slots_each, self.slots = slots, workers * slots
        self.trims = False

    @property
    def serving(self) -> Serving:
        why = self._workers[0].fallback_reason
        if not why:
            return Serving(self._engine, self._model.id)
        return Serving("local", self._model.id, instead_of="the shared engine", why=why)

    async def info(self) -> ModelInfo:
        return replace(await self._workers[0].open(), id=self._model.id)

    async def glance(self) -> ModelInfo:
        """As ``info``, but a model that is not open is not opened for it: its file tells."""
        opened = next((worker.opened for worker in self._workers if worker.opened is not None), None)
        if opened is not None:
            return replace(opened, id=self._model.id)
        if self._glance is None:
            return await self.info()
        async with self._looking:
            stamp = _stamp(self._model.path)
            if self._glanced is None or self._glanced[0] != stamp:
                self._glanced = stamp, await asyncio.to_thread(self._glance)
            return replace(self._glanced[1], id=self._model.id)

    async def load(self) -> ModelInfo:
        """Open the model in all workers."""
        opened = await asyncio.gather(*(worker.open() for worker in self._workers))
        return replace(opened[0], id=self._model.id)

    async def check(self) -> ModelInfo:
        """All workers that were started must live, and one at least must be started."""
        started = [worker for worker in self._workers if worker.running] or self._workers[:1]
        found = await asyncio.gather(*(worker.check() for worker in started))
        return replace(found[0], id=self._model.id)

    async def generate(self, request: Request) -> AsyncGenerator[Delta]:
        wanted = limited(request)
        async with aclosing(self._pick(wanted).run(wanted)) as pieces:
            async for delta in pieces:
                yield delta

    async def warm(self, request: FimRequest) -> None:
        wanted = limited(request)
        async with aclosing(self._pick(wanted).run(wanted, warm=True)) as pieces:
            async for _ in pieces:
                pass

    @property
    def path(self) -> str:
        """The model's file."""
        return self._model.path

    @property
    def opened(self) -> bool:
        """Whether a worker has its model open."""
        return any(worker.opened is not None for worker in self._workers)

    @property
    def running(self) -> bool:
        """Whether a worker has been started, be it that its model is still being opened."""
        return any(worker.running for worker in self._workers)

    @property
    def workers(self) -> int:
        """How many there are."""
        return len(self._workers)

    @property
    def cache(self) -> CacheUse | None:
        """That of all workers together; None while no model is open."""
        uses = [CacheUse(worker.held, info.cache_tokens, info.sequences) for worker in self._workers
                if (info := worker.opened) is not None]  # fmt: skip
        if not uses:
            return None
        held, room, sequences = (sum(column) for column in zip(*map(astuple, uses), strict=True))
        return CacheUse(held, room, sequences)

    async def unload(self) -> None:
        """Stop the workers until they are needed again."""
        await asyncio.gather(*(worker.unload() for worker in self._workers))

    async def close(self) -> None:
        await asyncio.gather(*(worker.close() for worker in self._workers))

    def _pick(self, request: Request) -> Worker:
        """The worker that had such a request last, unless it has no slot left and another is less busy. What
        is new goes where least is to be done and least has been before."""
        if len(self._workers) == 1:
            return self._workers[0]
        known = self._last_worker.find(request)
        count = self._last_worker.count
        chosen = min(self._workers, key=lambda worker: (worker.busy_like(request), count(worker)))
        if known is not None:
            busy = known.busy_like(request)
            chosen = known if busy < self._slots_each or busy <= chosen.busy_like(request) else chosen
        self._last_worker.note(request, chosen)
        return chosen


def _stamp(path: str) -> object:
    """Another one when the file is another one."""
    with suppress(OSError):
        found = os.stat(path)
        return found.st_mtime_ns, found.st_size, found.st_ino
    return None


def slots_of(sequences: int) -> int:
    """How many requests of a kind one worker is given at a time: with suggestions and answers that take a
    while, each has a place in the model's cache."""
    return max(1, (sequences or SEQUENCES_WANTED) // 2)

"""The engine: one façade over models, schedules and suggestions. Both doors call it, and nothing below."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from .backends.base import Backend
from .backends.local import LocalBackend
from .choosing import Rules
from .context.keeper import Contexts
from .context.plan import plan_for
from .errors import FimbleError
from .explain import Explanation, explained
from .memory.keeper import OnProgress, ProjectMemory
from .model_settings import DEFAULT
from .one_of import first_answer
from .opening import open_backend
from .preparing import cut_out
from .privacy.guard import guarded
from .room import Room, Spare
from .runtimes.memory import spare_bytes
from .scheduler import Scheduler
from .served import Served, ServedModels
from .serving import CacheUse, Serving, UpstreamState
from .settings import Settings
from .suggesting import suggested
from .syntax.around import RecentSyntax
from .turns import in_turn, warm_in_turn
from .types import (
    Asked,
    ChatRequest,
    Completion,
    Delta,
    FimRequest,
    ModelInfo,
    Request,
    TextRequest,
    TokensRequest,
)
from .workers.worker import OnState

__all__ = ["DEFAULT", "Engine"]


class Engine:
    """Answers requests with the configured models. Use from one event loop; ``close`` it at the end."""

    def __init__(
        self,
        settings: Settings,
        on_state: OnState = lambda state, detail: None,
        backend: Backend | None = None,
        spare: Spare = spare_bytes,
    ) -> None:
        """``on_state`` hears of a model being loaded, ready, stopped or failed, and of another engine that
        answers from now on (see :attr:`serving`); ``backend`` replaces the configured one, and
        ``spare`` what tells how much memory is left for a further model."""
        self.settings = settings
        self._scheduler = Scheduler(1, settings.queue, answering=settings.answering_models)
        self._rules = Rules(() if settings.remote else settings.rules)

        def open_one(settings: Settings, name: str) -> Backend:
            given = backend if name == self.settings.model else None
            opened = given or open_backend(settings, on_state, name, lambda: self._make_room(name))
            self._scheduler.add(name, opened.slots)
            return opened

        self._models = ServedModels(settings, open_one)
        self.memory = ProjectMemory(settings.memory_files, settings.memory_megabytes, settings.memory_folders)
        self._room = Room(self._models, self._scheduler.busy, spare)
        self._contexts = Contexts(self.warm)
        self._syntax = RecentSyntax()

    async def complete(self, request: FimRequest) -> Completion:
        """The whole suggestion; see :mod:`.errors` for what it raises."""
        return await self._whole(request, self.stream(request))

    def stream(self, request: FimRequest) -> AsyncGenerator[Delta]:
        """The suggestion in pieces, which joined are what :meth:`complete` gives. Closing the iterator
        stops the model within one token."""
        served = self._serve(request)
        backend = served.backend

        def work(turn: FimRequest) -> AsyncGenerator[Delta]:
            return suggested(backend, self._remembering(turn), served.reach, served.file, self._syntax)

        return in_turn(self._scheduler, self._enriched(request, served), work, served.name)

    async def explain(self, request: FimRequest) -> Explanation:
        """What :meth:`complete` does with a request, step by step, for people. Nobody else's turn is waited
        for."""
        served = self._serve(request)
        request = guarded(request)
        chosen = await self._contexts.now(request, plan_for(served.file_bytes))
        snippets = (*request.snippets, *(each.snippet for each in chosen))
        request = self._remembering(replace(request, snippets=snippets, context=False, explain=True))
        return await explained(
            served.backend, lambda watched: suggested(watched, request, served.reach, served.file), chosen,
            served.file,
        )  # fmt: skip

    def remember(self, workspace: str, on_progress: OnProgress | None = None) -> None:
        """Let what a folder's files say help its requests, from soon on: called when it is opened and again
        when something in it was saved. ``on_progress`` hears how far that is. Requests say ``workspace``."""
        if self._remembers:
            self.memory.prepare(workspace, on_progress)

    def answered(self, request: FimRequest) -> None:
        """Told of a request that was answered without the model: it ends what is under way for its document,
        as if it had been asked here."""
        if request.supersedes:
            self._scheduler.end(request.document, request.user)

    async def complete_text(self, request: TextRequest) -> Completion:
        """The whole continuation of a prompt."""
        return await self._whole(request, self.stream_text(request))

    def stream_text(self, request: TextRequest) -> AsyncGenerator[Delta]:
        """The continuation of a prompt in pieces, as :meth:`stream` gives a suggestion."""
        served = self._serve(request)
        return in_turn(self._scheduler, request, served.backend.generate, served.name)

    async def complete_chat(self, request: ChatRequest) -> Completion:
        """The whole answer to a conversation."""
        return await self._whole(request, self.stream_chat(request))

    def stream_chat(self, request: ChatRequest) -> AsyncGenerator[Delta]:
        """The answer to a conversation in pieces; each tool call comes whole, in one piece."""
        if request.models:
            return first_answer(request, self._stream_chat_of)
        return self._stream_chat_of(request)

    async def tokens(self, request: TokensRequest) -> Delta:
        """A model's tokens, without waiting for a turn: their text, and their ids with their bytes."""
        async with aclosing(self._serve(request).backend.generate(request)) as pieces:
            async for piece in pieces:
                return piece
        return Delta("", "stop")

    async def warm(self, request: FimRequest) -> None:
        """Evaluate a request's prompt ahead of time; gives way to every real request, and never fails."""
        try:
            served = self._serve(request)
            warm = served.backend.warm
        except FimbleError:
            return  # whoever asks will hear of it
        read = cut_out(self._enriched(request, served), served.reach).request
        await warm_in_turn(self._scheduler, read, warm, served.name)

    def model_for(self, request: Request) -> str:
        """The id of the model that answers a request: the one it names, else the one that the rules choose.
        Empty for the default one. Raises :class:`~.errors.ModelNotFound`."""
        served = self._serve(request)
        return "" if served is self._models.default else served.id

    async def models(self) -> list[ModelInfo]:
        """The models that can be asked for, the default one first. Of several models none is opened for it;
        one that cannot be opened says why in its ``detail``."""
        if len(self._models) == 1:
            return [await self._models.default.backend.info()]
        listed = await asyncio.gather(*(served.listed() for served in self._models))
        return list({info.id: info for info in reversed(listed)}.values())[::-1]

    def caches(self) -> dict[str, CacheUse]:
        """How full the caches of the models are that are loaded here, by id."""
        return {served.id: use for served in self._models if (use := served.cache) is not None}

    def upstreams(self) -> list[UpstreamState]:
        """What is known of the servers that models are asked of."""
        return [state for served in self._models for state in served.upstreams]

    @property
    def workers(self) -> int:
        """How many workers the default model has on this machine; 0 where another one answers."""
        backend = self._models.default.backend
        return backend.workers if isinstance(backend, LocalBackend) else 0

    @property
    def waiting(self) -> int:
        """How many requests wait for their turn."""
        return self._scheduler.waiting

    @property
    def running(self) -> int:
        """How many requests are worked at."""
        return self._scheduler.running

    async def load(self) -> ModelInfo:
        """Open the default model, so that the first request finds it ready, and remember the folders that
        settings list; raises why a model cannot be opened."""
        if self._remembers:
            self.memory.prepare_listed()
        backend = self._models.default.backend
        return await (backend.load() if isinstance(backend, LocalBackend) else backend.info())

    async def check(self) -> ModelInfo:
        """The default model; raises within seconds why it cannot answer now."""
        return await self._models.default.backend.check()

    @property
    def serving(self) -> Serving:
        """Which engine answers now, with which model unless another is chosen, and in whose place."""
        try:
            return self._models.default.backend.serving
        except FimbleError:
            return Serving(self.settings.engine)

    async def close(self) -> None:
        """Stop everything, for good: what runs or waits ends with :class:`~.errors.EngineClosed`."""
        self._contexts.close()
        self._scheduler.close()
        await self.memory.close()
        await self._models.close()

    def _stream_chat_of(self, request: ChatRequest) -> AsyncGenerator[Delta]:
        served = self._serve(request)
        return in_turn(self._scheduler, request, served.backend.generate, served.name)

    async def _whole(self, request: Asked, stream: AsyncGenerator[Delta]) -> Completion:
        async with aclosing(stream) as deltas:
            made = [delta async for delta in deltas]
        named = made[-1].model if made else ""
        return Completion.of(made, named or self._serve(request).backend.serving.model)

    @property
    def _remembers(self) -> bool:
        """Another machine's engine is told nothing of this one's folders."""
        return self.settings.memory and not self.settings.asks_others

    def _remembering(self, request: FimRequest) -> FimRequest:
        """With the index of its workspace, which is nobody else's to choose."""
        return replace(request, index=self.memory.index_of(request.workspace) if self._remembers else "")

    def _serve(self, request: Request) -> Served:
        chosen = request.model
        if not chosen and isinstance(request, FimRequest):
            chosen = self._rules.model_for(request)
        served = self._models.find(chosen)
        served.used_at = time.monotonic()
        return served

    def _enriched(self, request: FimRequest, served: Served) -> FimRequest:
        """The request with what the engine knows beside it; see :meth:`stream` for what it raises."""
        request = self._contexts.enriched(guarded(request), plan_for(served.file_bytes))
        return request if self.settings.memory else replace(request, beside=())

    async def _make_room(self, name: str) -> None:
        await self._room.make(self._models[name])

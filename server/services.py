"""What the application's handlers share: made once, for one engine, and never global."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiohttp import web

from fimble.engine.engine import DEFAULT, Engine
from fimble.engine.served import BROKEN
from fimble.engine.syntax.guess import Guesses
from fimble.engine.types import ModelInfo

from .errors import INVALID, ApiError, overloaded
from .key_directory import KeyDirectory
from .limits import PDF_READERS
from .memory import AnswerMemory
from .metrics import Metrics
from .rate_limits import RateLimits
from .settings import ServerSettings
from .store.database import Database
from .usage import UsageRecorder

log = logging.getLogger(__name__)
MODELS_SECONDS = 5.0


class ModelTable:
    """The models that there are: what guards ask and ``/v1/models`` shows."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: list[ModelInfo] = []
        self._asked_at = 0.0
        self.started = int(time.time())

    async def all(self) -> list[ModelInfo]:
        """The default model first. Raises what the engine does when it has none."""
        if not self._known or time.monotonic() - self._asked_at > MODELS_SECONDS:
            self._known = await self._engine.models()
            self._asked_at = time.monotonic()
        return self._known

    async def find(self, name: str | None, any_name: bool = False) -> ModelInfo:
        """A model by name, or the default one, with ``any_name`` also for a name that is not known. Raises
        404, and 503 for a model that cannot be opened."""
        models = await self.all()
        if name in (None, "", DEFAULT):
            return _sound(models[0])
        for model in models:
            if model.id == name:
                return _sound(model)
        if any_name:
            return _sound(models[0])
        names = ", ".join(model.id for model in models)
        message = f"There is no model {name!r} here. Leave it out, or use: {names}."
        raise ApiError(404, INVALID, "model_not_found", message, "model")


def _sound(model: ModelInfo) -> ModelInfo:
    if model.backend == BROKEN:
        raise overloaded("upstream_unavailable", model.detail)
    return model


@dataclass(frozen=True, slots=True)
class Services:
    """Everything around the engine, which stays the caller's to close."""

    engine: Engine
    settings: ServerSettings
    keys: KeyDirectory
    rate_limits: RateLimits
    usage: UsageRecorder
    metrics: Metrics
    models: ModelTable
    memory: AnswerMemory
    languages: Guesses
    readers: asyncio.Semaphore

    async def running(self, app: web.Application) -> AsyncIterator[None]:
        """Read keys and write usage for as long as the application lives."""
        await self.keys.refresh()
        tasks = [asyncio.create_task(self.keys.poll()), asyncio.create_task(self.usage.write_often())]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.usage.write()


SERVICES = web.AppKey("services", Services)


def open_services(engine: Engine, settings: ServerSettings, keys_needed: bool = False) -> Services:
    """Services as configured. A database that cannot be used is no reason not to start: requests are
    refused while keys cannot be checked, and usage waits in memory until it can be used."""
    database = Database(settings.database_url, create=settings.usage_days > 0)
    keys = KeyDirectory(database, keys_needed)
    return Services(
        engine=engine,
        settings=settings,
        keys=keys,
        rate_limits=RateLimits(settings.limits, keys.tokens_today),
        usage=UsageRecorder(database, settings.usage_days),
        metrics=Metrics(engine.workers, lambda: engine.waiting),
        models=ModelTable(engine),
        memory=AnswerMemory(),
        languages=Guesses(),
        readers=asyncio.Semaphore(PDF_READERS),
    )

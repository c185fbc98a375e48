"""What the application's handlers share: made once, for one engine, and never global."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiohttp import web

from fimble.engine.engine import Engine
from fimble.engine.syntax.guess import Guesses

from .key_directory import KeyDirectory
from .limits import PDF_READERS
from .memory import AnswerMemory
from .metrics import Metrics
from .model_table import ModelTable
from .rate_limits import RateLimits
from .settings import ServerSettings
from .store.database import Database
from .usage import UsageRecorder
from .web_search import WebSearch


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
    search: WebSearch | None

    async def running(self, app: web.Application) -> AsyncIterator[None]:
        """Read keys and write usage for as long as the application lives."""
        await self.keys.refresh()
        tasks = [asyncio.create_task(self.keys.poll()), asyncio.create_task(self.usage.write_often())]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.models.close()
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
        metrics=Metrics(engine.workers, lambda: engine.waiting, engine.upstreams),
        models=ModelTable(engine),
        memory=AnswerMemory(),
        languages=Guesses(),
        readers=asyncio.Semaphore(PDF_READERS),
        search=WebSearch(settings.search) if settings.search else None,
    )

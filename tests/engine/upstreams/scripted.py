"""A backend that does what it is told, for gateways."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field

from fimble.engine.errors import FimbleError
from fimble.engine.serving import Serving
from fimble.engine.types import Delta, FimRequest, ModelInfo, Request


async def until(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110 - other tasks of this loop bring it about
        await asyncio.sleep(0)


@dataclass
class Scripted:
    """Says its name; or fails; or says nothing until ``speak`` is set."""

    serving: Serving
    trims = False
    slots = 1
    error: FimbleError | None = None
    fails_after: int = 0
    silent: bool = False
    asked: int = 0
    looked_at: int = 0
    warmed: int = 0
    warm_seconds: float = 0.0
    speak: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    def named(cls, name: str) -> Scripted:
        return cls(Serving(name, name))

    @property
    def model(self) -> str:
        return self.serving.model

    async def info(self) -> ModelInfo:
        self.looked_at += 1
        if self.silent:
            await self.speak.wait()
        if self.error:
            raise self.error
        return ModelInfo(self.serving.model, self.serving.engine, 1, supports_fim=True)

    async def check(self) -> ModelInfo:
        return await self.info()

    async def generate(self, request: Request) -> AsyncGenerator[Delta]:
        self.asked += 1
        if self.silent:
            await self.speak.wait()
        if self.error and not self.fails_after:
            raise self.error
        yield Delta(self.serving.engine)
        if self.error:
            raise self.error
        yield Delta("", "stop")

    async def warm(self, request: FimRequest) -> None:
        self.warmed += 1
        await asyncio.sleep(self.warm_seconds)

    async def close(self) -> None:
        pass

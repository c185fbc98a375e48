"""One request on its way through a handler: who asks, of which model, and what it has used."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AbstractContextManager, aclosing, asynccontextmanager, nullcontext
from dataclasses import dataclass, field

from fimble.engine.engine import DEFAULT, Engine
from fimble.engine.types import Completion, Delta, ModelInfo, Timings, Usage

from .errors import ApiError, invalid, too_late, unauthorized
from .model_table import sound
from .services import Services
from .store.keys import Key


@dataclass(slots=True)
class Spent:
    """What a request has used so far, in all its choices."""

    model: str = ""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens


@dataclass(slots=True)
class Call:
    """Made for each request; ``ends_at`` is a time of the event loop. Handlers take the engine's deltas
    through :meth:`metered`, so that everything used is counted, also when the client goes away."""

    services: Services
    key: Key | None
    ends_at: float
    began: float = field(default_factory=time.monotonic)
    spent: Spent = field(default_factory=Spent)

    @property
    def engine(self) -> Engine:
        return self.services.engine

    @property
    def user(self) -> str:
        """Between whom the engine shares its time."""
        return self.key.id if self.key else ""

    @property
    def elapsed_ms(self) -> float:
        return (time.monotonic() - self.began) * 1000

    async def model(self, name: str | None, any_name: bool | None = None) -> ModelInfo:
        """The model to use; with ``any_name`` the default one where there is none of that name. Raises 403,
        404, and 503 for one that cannot be opened."""
        return sound(await self.allowed(name, any_name))

    async def allowed(
        self, name: str | None, any_name: bool | None = None, param: str = "model"
    ) -> ModelInfo:
        """As :meth:`model`, also where it cannot be opened. ``param`` is where the name stands."""
        lenient = bool(self.services.settings.compat) if any_name is None else any_name
        found = await self.services.models.find(name, lenient, param)
        self.spent.model = self.spent.model or found.id
        if not self._allows(found):
            message = f"This key may not use the model {found.id!r}."
            raise ApiError(403, "permission_error", "model_not_allowed", message, param)
        return found

    async def models(self) -> list[ModelInfo]:
        """The models that may be used, the default one first."""
        return [model for model in await self.services.models.all() if self._allows(model)]

    def _allows(self, model: ModelInfo) -> bool:
        return self.key is None or not self.key.models or model.id in self.key.models

    @staticmethod
    def chosen(name: str | None, model: ModelInfo) -> str | None:
        """What the engine is told of a model that was asked for by ``name``: the default one where it took
        the place of an unknown one, and nothing where none was named."""
        return (name if name == model.id else DEFAULT) if name else None

    def token_limit(self, wanted: int | None, default: int | None, param: str = "max_tokens") -> int | None:
        """How many tokens to make, within the key's own ceiling. Raises 400 for more than that."""
        ceiling = self.key.allowance.max_tokens if self.key else None
        if wanted is None:
            return default if ceiling is None else min(ceiling, default or ceiling)
        if ceiling is not None and wanted > ceiling:
            raise invalid(f"`{param}`: this key may ask for at most {ceiling} tokens.", param)
        return wanted

    async def metered(
        self,
        model: ModelInfo,
        deltas: AsyncGenerator[Delta],
        again: bool = False,
        others: Sequence[ModelInfo] = (),
    ) -> AsyncGenerator[Delta]:
        """Pass deltas on and note what they cost. ``again`` is a further answer to the same prompt, which
        is paid for once. One of ``others`` may answer in the model's place."""
        usage, timings = Usage(), Timings()
        try:
            with self.services.metrics.in_engine():
                async with aclosing(deltas):
                    async for delta in deltas:
                        usage, timings = delta.usage or usage, delta.timings or timings
                        model = answering(delta, model, others)
                        yield delta
        finally:
            self.spent.model = model.id
            if not again:
                self.spent.prompt_tokens += usage.prompt_tokens
                self.spent.cached_tokens += usage.cached_tokens
            self.spent.completion_tokens += usage.completion_tokens
            self.services.metrics.observe(model, usage, timings)

    async def whole(
        self,
        model: ModelInfo,
        deltas: AsyncGenerator[Delta],
        again: bool = False,
        others: Sequence[ModelInfo] = (),
    ) -> Completion:
        """All deltas as one answer."""
        async with aclosing(self.metered(model, deltas, again, others)) as pieces:
            made = [delta async for delta in pieces]
        return Completion.of(made, (answering(made[-1], model, others) if made else model).id)

    def _until_revoked(self, timeout: asyncio.Timeout) -> AbstractContextManager[None]:
        def end_now() -> None:
            if not timeout.expired():
                timeout.reschedule(0)

        return self.services.keys.watching(self.key, end_now) if self.key else nullcontext()

    @asynccontextmanager
    async def bounded(self) -> AsyncIterator[None]:
        """Ends what is inside when time is up (504) or the key is no longer valid (401)."""
        keys = self.services.keys
        try:
            async with asyncio.timeout_at(self.ends_at) as timeout:
                with self._until_revoked(timeout):
                    yield
        except TimeoutError as error:
            if self.key is not None and not keys.valid(self.key):
                raise unauthorized() from error
            raise too_late() from error


def answering(delta: Delta, model: ModelInfo, others: Sequence[ModelInfo]) -> ModelInfo:
    """Who made a piece: the model, unless it names another one that may have."""
    return next((each for each in others if each.id == delta.model), model)

"""The models that there are: what guards ask and ``/v1/models`` shows."""

from __future__ import annotations

import asyncio
import time

from fimble.engine.engine import DEFAULT, Engine
from fimble.engine.served import BROKEN
from fimble.engine.types import ModelInfo

from .errors import INVALID, ApiError, overloaded

MODELS_SECONDS = 5.0


class ModelTable:
    """What is known of them is asked again when it is older than some seconds: behind requests for one that
    is known, since upstreams may be slow to tell."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: list[ModelInfo] = []
        self._asked_at = 0.0
        self._asking: asyncio.Task[None] | None = None
        self.started = int(time.time())

    async def all(self) -> list[ModelInfo]:
        """The default model first. Raises what the engine does when it has none."""
        if (asking := self._asking_anew()) is not None:
            await asyncio.shield(asking)
        return self._known

    async def find(self, name: str | None, any_name: bool = False, param: str = "model") -> ModelInfo:
        """A model by name, or the default one, with ``any_name`` also for a name that is not known. Raises
        404; ``param`` is where the name stands."""
        self._asking_anew()
        found = _named(self._known, name)
        if found is None or found.backend == BROKEN:
            found = _named(await self.all(), name) or (self._known[0] if any_name else None)
        if found is None:
            names = ", ".join(model.id for model in self._known)
            message = f"There is no model {name!r} here. Leave it out, or use: {names}."
            raise ApiError(404, INVALID, "model_not_found", message, param)
        return found

    async def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    def _asking_anew(self) -> asyncio.Task[None] | None:
        """The question that is under way, or a new one if it is time for it."""
        if self._asking is not None and not self._asking.done():
            return self._asking
        if self._known and time.monotonic() - self._asked_at <= MODELS_SECONDS:
            return None
        self._asking = asyncio.get_running_loop().create_task(self._ask())
        self._asking.add_done_callback(_noticed)
        return self._asking

    async def _ask(self) -> None:
        self._known = await self._engine.models()
        self._asked_at = time.monotonic()


def sound(model: ModelInfo) -> ModelInfo:
    """The same. Raises 503 for a model that cannot be opened."""
    if model.backend == BROKEN:
        raise overloaded("upstream_unavailable", model.detail)
    return model


def _named(models: list[ModelInfo], name: str | None) -> ModelInfo | None:
    if name in (None, "", DEFAULT):
        return models[0] if models else None
    return next((model for model in models if model.id == name), None)


def _noticed(asking: asyncio.Task[None]) -> None:
    """Who waits for it hears of its error; who does not need it may go on without."""
    if not asking.cancelled():
        asking.exception()

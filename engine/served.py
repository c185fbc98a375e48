"""The models that an engine serves: each is opened when it is first asked, and none needs another."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from functools import cached_property

from .backends.base import Backend
from .backends.local import LocalBackend
from .errors import FimbleError, ModelNotFound
from .model_settings import DEFAULT
from .prompt.window import reach_of
from .serving import CacheUse, UpstreamState
from .settings import Settings
from .types import ModelInfo
from .upstreams.gateway import Gateway

BROKEN = "none"
"""The backend of a model that cannot be opened."""
OpenBackend = Callable[[Settings, str], Backend]
"""Makes the backend of a model from its settings and its name; raises why there is none."""


class Served:
    """One model. ``name`` is what settings call it, ``reach`` how many characters of a text it is sent."""

    def __init__(self, name: str, settings: Settings, open_backend: OpenBackend) -> None:
        self.name = name
        self._settings, self._open = settings.for_model(name), open_backend
        self._backend: Backend | None = None
        self.used_at = 0.0
        """When it was last asked, on a clock that only goes on."""
        self.reach = reach_of(self._settings.window_tokens)

    @property
    def backend(self) -> Backend:
        """Made when it is first needed; raises :class:`~.errors.ModelError` where that cannot be done."""
        if self._backend is None:
            self._backend = self._open(self._settings, self.name)
        return self._backend

    @property
    def id(self) -> str:
        """What requests and answers call it; empty while a server has not told."""
        try:
            return self.backend.serving.model
        except FimbleError:
            return self.name

    async def listed(self) -> ModelInfo:
        """What is known of it without opening it, or why it cannot be opened."""
        try:
            backend = self.backend
            return await (backend.glance() if isinstance(backend, LocalBackend) else backend.info())
        except FimbleError as error:
            return ModelInfo(self.id, BROKEN, 0, supports_fim=False, detail=error.message)

    @property
    def file(self) -> str:
        """Its file on this machine; empty for another backend's."""
        return self._backend.path if isinstance(self._backend, LocalBackend) else ""

    @cached_property
    def file_bytes(self) -> int | None:
        """The size of its file; None for another backend's."""
        try:
            return os.stat(self.file).st_size if self.file else None
        except OSError:
            return None

    @property
    def opened(self) -> bool:
        """Whether it is open on this machine."""
        return isinstance(self._backend, LocalBackend) and self._backend.opened

    @property
    def cache(self) -> CacheUse | None:
        """What its model keeps at hand; None while it is not loaded here."""
        return self._backend.cache if isinstance(self._backend, LocalBackend) else None

    @property
    def upstreams(self) -> list[UpstreamState]:
        """The servers that it is asked of."""
        return self._backend.states if isinstance(self._backend, Gateway) else []

    @property
    def loaded(self) -> bool:
        """Whether its model takes memory on this machine now, be it that it is still being opened."""
        return isinstance(self._backend, LocalBackend) and self._backend.running

    async def unload(self) -> None:
        """Give its memory back; it is opened again when it is asked."""
        if isinstance(self._backend, LocalBackend):
            await self._backend.unload()

    async def close(self) -> None:
        if self._backend is not None:
            await self._backend.close()


class ServedModels:
    """The default model, those that have a table, and those that only a rule names."""

    def __init__(self, settings: Settings, open_backend: OpenBackend) -> None:
        self._served = {name: Served(name, settings, open_backend) for name in settings.names}
        self.default = self._served[settings.model]
        if len(self) == 1:
            self.default.backend  # noqa: B018 - an engine without any model is told at once

    def __iter__(self) -> Iterator[Served]:
        return iter(self._served.values())

    def __getitem__(self, name: str) -> Served:
        return self._served[name]

    def __len__(self) -> int:
        return len(self._served)

    async def close(self) -> None:
        await asyncio.gather(*(served.close() for served in self))

    def find(self, name: str | None) -> Served:
        """A model by what settings call it or by its id; the default one where none is named."""
        if name in (None, "", DEFAULT):
            return self.default
        found = self._served.get(name) or next((each for each in self if each.id == name), None)
        if found is None:
            raise ModelNotFound(f"There is no model {name!r} here. Leave the model out to use the default.")
        return found

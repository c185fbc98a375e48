"""One replica of the deployment: an engine's models, each in a worker of its own. Ray makes and calls it."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress

import ray
from ray import serve

from ..errors import FrameError, ModelLoading, ModelNotFound, UpstreamUnavailable
from ..opening import open_local
from ..settings import Settings
from ..version import VERSION
from ..workers.codec import COMMANDS
from ..workers.messages import Opened, Reply, Run
from .bundles import bundled
from .kept import KeptModel


class Replica:
    """Answers as a backend does: what it is told and tells are the messages of a worker, so a suggestion is
    prepared, trimmed and judged by the front's engine and only there. A worker that dies costs a request."""

    def __init__(self, settings: str, models: int) -> None:
        """``settings`` are an engine's as JSON; so many ``models`` are kept open."""
        self._settings = Settings.model_validate_json(settings)
        self._kept: dict[str, KeptModel] = {}

        async def open_model(name: str) -> KeptModel:
            return await self._open(name)

        self._model = serve.multiplexed(max_num_models_per_replica=models)(open_model)

    async def generate(self, version: str, data: bytes) -> AsyncGenerator[bytes]:
        """The pieces of an answer, and how it ended."""
        async with aclosing(bundled(self._pieces(version, data))) as bundles:
            async for bundle in bundles:
                yield bundle

    async def about(self, version: str, data: bytes) -> AsyncGenerator[bytes]:
        """What the model is, once it is open and was seen to live."""
        async with aclosing(bundled(self._info(version))) as bundles:
            async for bundle in bundles:
                yield bundle

    async def status(self, version: str = "", data: bytes = b"") -> AsyncGenerator[bytes]:
        """See :meth:`state`, for one that is found by its session."""
        yield (await self.state()).encode()

    async def state(self) -> str:
        """What it does now, as JSON."""
        context = ray.get_runtime_context()
        return json.dumps(
            {
                "replica": serve.get_replica_context().replica_id.unique_id,
                "node": ray.util.get_node_ip_address(),  # type: ignore[no-untyped-call]
                "node_id": context.get_node_id(),
                "process": os.getpid(),
                "ongoing": sum(kept.running for kept in self._kept.values()),
                "models": [name for name, kept in self._kept.items() if not kept.closed],
                "version": VERSION,
            }
        )

    async def check_health(self) -> None:
        """Ray asks now and then, and first before it sends requests: the default model is open by then. A
        worker that was started anew is not yet a reason to replace the whole replica."""
        if not self._kept:
            await self._model(self._settings.model)
        for kept in [*self._kept.values()]:
            if not kept.closed:
                with suppress(ModelLoading):
                    await kept.backend.check()

    async def _pieces(self, version: str, data: bytes) -> AsyncGenerator[Reply]:
        _check(version)
        run = COMMANDS.decode(data)
        if not isinstance(run, Run):
            raise FrameError("A front asks for something that replicas do not do.")
        kept = await self._chosen()
        async with aclosing(kept.run(run)) as pieces:
            async for piece in pieces:
                yield piece

    async def _info(self, version: str) -> AsyncGenerator[Reply]:
        _check(version)
        kept = await self._chosen()
        yield Opened(await kept.backend.check())

    async def _chosen(self) -> KeptModel:
        name = serve.get_multiplexed_model_id() or self._settings.model
        if name not in self._settings.names:
            raise ModelNotFound(f"There is no model {name!r} on the Ray cluster. Deploy it with its table.")
        kept: KeptModel = await self._model(name)
        return kept

    async def _open(self, name: str) -> KeptModel:
        backend = open_local(self._settings.for_model(name), lambda state, detail: None, name)
        kept = KeptModel(backend)
        try:
            await backend.load()
        except BaseException:
            await backend.close()
            raise
        self._kept[name] = kept
        return kept


def _check(version: str) -> None:
    if version != VERSION:
        raise UpstreamUnavailable(
            f"The replicas on the Ray cluster are of fimble {VERSION}, and this one is {version}. "
            "Install the same version on all machines, and deploy again."
        )

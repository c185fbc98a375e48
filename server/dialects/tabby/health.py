"""``GET /v1/health``: which models there are and on what machine, as Tabby tells it."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime

from pydantic import BaseModel

from fimble.engine.types import ModelInfo
from fimble.engine.version import VERSION

from ...call import Call
from ...endpoint import Answer, Endpoint, Nothing

SPOKEN = "0.32.0"
"""The version of Tabby whose API this is. Its agent asks a server from 0.9.0 on for settings too."""
DEVICE = "cpu"


class TabbyLocal(BaseModel):
    model_id: str
    device: str
    cuda_devices: list[str]


class TabbyModel(BaseModel):
    local: TabbyLocal


class TabbyHealthModels(BaseModel):
    completion: TabbyModel
    chat: TabbyModel | None = None


class TabbyVersion(BaseModel):
    """``git_describe`` is the version of Tabby whose API is spoken, then our own; dates are the server's
    start."""

    build_date: str
    build_timestamp: str
    git_sha: str
    git_describe: str


class TabbyHealth(BaseModel):
    model: str
    chat_model: str | None = None
    chat_device: str | None = None
    device: str
    cuda_devices: list[str]
    models: TabbyHealthModels
    arch: str
    cpu_info: str
    cpu_count: int
    version: TabbyVersion


async def tabby_health(call: Call, body: Nothing) -> Answer:
    model = await call.model(None)
    machine = platform.machine() or "unknown"
    health = TabbyHealth(
        model=model.id,
        device=DEVICE,
        cuda_devices=[],
        models=TabbyHealthModels(completion=_local(model)),
        arch=machine,
        cpu_info=machine,
        cpu_count=os.cpu_count() or 1,
        version=_version(call.services.models.started),
    )
    if model.supports_chat:
        health.chat_model, health.chat_device = model.id, DEVICE
        health.models.chat = _local(model)
    return health


def _local(model: ModelInfo) -> TabbyModel:
    return TabbyModel(local=TabbyLocal(model_id=model.id, device=DEVICE, cuda_devices=[]))


def _version(started: float) -> TabbyVersion:
    began = datetime.fromtimestamp(started, UTC)
    return TabbyVersion(
        build_date=began.date().isoformat(),
        build_timestamp=began.isoformat(),
        git_sha=f"fimble-{VERSION}",
        git_describe=f"v{SPOKEN}+fimble.{VERSION}",
    )


ENDPOINT = Endpoint(
    method="GET",
    path="/v1/health",
    summary="The models and the machine, as Tabby tells them",
    handle=tabby_health,
    takes=Nothing,
    gives=TabbyHealth,
)

"""``POST /api/show``, ``GET /api/tags``, ``/api/ps`` and ``/api/version``: which models there are and what
they can do. What is not known here, such as a file's size, is told as nothing."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

from fimble.engine.types import ModelInfo

from ...call import Call
from ...endpoint import Answer, Endpoint, Nothing
from .dialect import OLLAMA
from .names import known, tagged
from .results import moment
from .schema import OllamaShowRequest

VERSION = "0.12.11"
"""Clients ask for what a version of Ollama brought: 0.6.4 for capabilities, 0.12.11 for log-probabilities.
All of that is here, and what came later is not."""
FAMILY = "fimble"
"""Who made a model is not told: clients need the word only to find the length of the context below it."""
NEVER = "9999-12-31T23:59:59Z"
"""When a model is unloaded that is needed all the time."""


class OllamaDetails(BaseModel):
    parent_model: str
    format: str
    family: str
    families: list[str]
    parameter_size: str
    quantization_level: str


class OllamaModel(BaseModel):
    name: str
    model: str
    modified_at: str
    size: int
    digest: str
    details: OllamaDetails


class OllamaModels(BaseModel):
    models: list[OllamaModel]


class OllamaRunning(BaseModel):
    name: str
    model: str
    size: int
    digest: str
    details: OllamaDetails
    expires_at: str
    size_vram: int
    context_length: int


class OllamaRunningModels(BaseModel):
    models: list[OllamaRunning]


class OllamaShown(BaseModel):
    """``parameters`` are lines of a name and a value."""

    modelfile: str
    parameters: str
    template: str
    details: OllamaDetails
    model_info: dict[str, Any]
    capabilities: list[str]
    modified_at: str


class OllamaVersion(BaseModel):
    version: str


async def ollama_show(call: Call, body: OllamaShowRequest) -> Answer:
    model = await call.model(await known(call, body.model or body.name))
    parameters, template = f"{'num_ctx':<30} {model.context_window}", _template(model)
    return OllamaShown(
        modelfile=f'FROM {model.id}\nTEMPLATE """{template}"""\nPARAMETER num_ctx {model.context_window}\n',
        parameters=parameters,
        template=template,
        details=_details(),
        model_info={
            "general.architecture": FAMILY,
            "general.basename": model.id,
            f"{FAMILY}.context_length": model.context_window,
        },
        capabilities=_capabilities(model),
        modified_at=_started(call),
    )


async def ollama_tags(call: Call, body: Nothing) -> Answer:
    models = [
        OllamaModel(
            name=tagged(model.id),
            model=tagged(model.id),
            modified_at=_started(call),
            size=0,
            digest=_digest(model),
            details=_details(),
        )
        for model in await call.models()
    ]
    return OllamaModels(models=models)


async def ollama_ps(call: Call, body: Nothing) -> Answer:
    models = [
        OllamaRunning(
            name=tagged(model.id),
            model=tagged(model.id),
            size=0,
            digest=_digest(model),
            details=_details(),
            expires_at=NEVER,
            size_vram=0,
            context_length=model.context_window,
        )
        for model in await call.models()
        if model.loaded
    ]
    return OllamaRunningModels(models=models)


async def ollama_version(call: Call, body: Nothing) -> Answer:
    return OllamaVersion(version=VERSION)


def _template(model: ModelInfo) -> str:
    """What a prompt is made of, in Ollama's language of templates; the engine lays it out itself. Clients
    look for ``.Suffix`` before they ask to fill in."""
    tools = "{{ if .Tools }}{{ .Tools }}{{ end }}" if model.supports_tools else ""
    asked = tools + ("{{ .System }}{{ .Prompt }}" if model.supports_chat else "{{ .Prompt }}")
    if not model.supports_fim:
        return asked
    return "{{ if .Suffix }}{{ .Prompt }}{{ .Suffix }}{{ else }}" + asked + "{{ end }}"


def _capabilities(model: ModelInfo) -> list[str]:
    able = (("completion", True), ("insert", model.supports_fim), ("tools", model.supports_tools))
    return [name for name, there in able if there]


def _details() -> OllamaDetails:
    return OllamaDetails(
        parent_model="", format="gguf", family=FAMILY, families=[FAMILY], parameter_size="",
        quantization_level="",
    )  # fmt: skip


def _digest(model: ModelInfo) -> str:
    """Stands for the name: clients show its beginning, and nothing is fetched by it."""
    return hashlib.sha256(model.id.encode()).hexdigest()


def _started(call: Call) -> str:
    return moment(datetime.fromtimestamp(call.services.models.started, UTC))


ENDPOINTS = (
    Endpoint(
        method="POST", path="/api/show", summary="One model, as Ollama tells it", handle=ollama_show,
        takes=OllamaShowRequest, gives=OllamaShown, dialect=OLLAMA,
    ),
    Endpoint(
        method="GET", path="/api/tags", summary="The models, as Ollama lists them", handle=ollama_tags,
        takes=Nothing, gives=OllamaModels, dialect=OLLAMA,
    ),
    Endpoint(
        method="GET", path="/api/ps", summary="The models that are loaded", handle=ollama_ps, takes=Nothing,
        gives=OllamaRunningModels, dialect=OLLAMA,
    ),
    Endpoint(
        method="GET", path="/api/version", summary="The version of Ollama that this is like",
        handle=ollama_version, takes=Nothing, gives=OllamaVersion, dialect=OLLAMA,
    ),
)  # fmt: skip

"""``GET /props`` and ``GET /slots``: the server's model and its places. No prompt is told."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, RootModel

from fimble.engine.version import VERSION

from ...call import Call
from ...endpoint import Answer, Endpoint, Nothing
from .dialect import LLAMA


class Defaults(BaseModel):
    n_ctx: int
    params: dict[str, Any]


class Props(BaseModel):
    default_generation_settings: Defaults
    total_slots: int
    model_alias: str
    model_path: str
    modalities: dict[str, bool]
    chat_template: str
    build_info: str
    is_sleeping: bool


class Slot(BaseModel):
    id: int
    n_ctx: int
    is_processing: bool
    speculative: bool


class Slots(RootModel[list[Slot]]):
    """The places in the model's cache."""


async def props(call: Call, body: Nothing) -> Answer:
    model = await call.model(None)
    return Props(
        default_generation_settings=Defaults(n_ctx=model.context_window, params={}),
        total_slots=max(1, model.sequences),
        model_alias=model.id,
        model_path=model.id,
        modalities={"vision": model.supports_vision, "audio": False},
        chat_template="",
        build_info=f"fimble {VERSION}",
        is_sleeping=not model.loaded,
    )


async def slots(call: Call, body: Nothing) -> Answer:
    model, busy = await call.model(None), call.engine.running
    return Slots(
        [
            Slot(id=at, n_ctx=model.context_window, is_processing=at < busy, speculative=True)
            for at in range(max(1, model.sequences))
        ]
    )


ENDPOINTS = (
    Endpoint(
        method="GET", path="/props", summary="The model, as llama-server tells it", handle=props,
        takes=Nothing, gives=Props, dialect=LLAMA,
    ),
    Endpoint(
        method="GET", path="/slots", summary="The places in the model's cache", handle=slots, takes=Nothing,
        gives=Slots, dialect=LLAMA,
    ),
)  # fmt: skip

"""``/v1beta``: the models and settings that Tabby's clients ask for, and chat at the address that older ones
have."""

from __future__ import annotations

from dataclasses import replace

from pydantic import BaseModel

from ...call import Call
from ...endpoint import Answer, Endpoint, Nothing
from ...routes import chat


class TabbyModels(BaseModel):
    """The names of the models, by what they can do."""

    completion: list[str]
    chat: list[str]


class TabbySetting(BaseModel):
    disable_client_side_telemetry: bool


async def tabby_models(call: Call, body: Nothing) -> Answer:
    models = await call.models()
    return TabbyModels(
        completion=[each.id for each in models if each.supports_fim],
        chat=[each.id for each in models if each.supports_chat],
    )


async def tabby_setting(call: Call, body: Nothing) -> Answer:
    """Its agent sends no usage to Tabby's makers then; what it tells this server stays."""
    return TabbySetting(disable_client_side_telemetry=True)


ENDPOINTS = (
    Endpoint(
        method="GET", path="/v1beta/models", summary="The models' names, as Tabby tells them",
        handle=tabby_models, takes=Nothing, gives=TabbyModels,
    ),
    Endpoint(
        method="GET", path="/v1beta/server_setting", summary="What Tabby's clients are told to do",
        handle=tabby_setting, takes=Nothing, gives=TabbySetting,
    ),
    replace(chat.ENDPOINT, path="/v1beta/chat/completions", name="tabby_chat"),
)  # fmt: skip

"""``GET /v1/models`` and ``GET /v1/models/{id}``: which models there are and what they can do."""

from __future__ import annotations

from fimble.engine.types import ModelInfo

from ..call import Call
from ..endpoint import Answer, Endpoint, Nothing
from ..schema.models import Capabilities, Model, ModelList, ModelPath


async def list_models(call: Call, body: Nothing) -> Answer:
    return ModelList(object="list", data=[_described(model, call) for model in await call.models()])


async def one_model(call: Call, body: ModelPath) -> Answer:
    return _described(await call.model(body.id, any_name=False), call)


def _described(model: ModelInfo, call: Call) -> Model:
    return Model(
        id=model.id,
        object="model",
        created=call.services.models.started,
        owned_by="fimble",
        context_window=model.context_window,
        context_length=model.context_window,
        supports_vision=model.supports_vision,
        supports_fim=model.supports_fim,
        supports_chat=model.supports_chat,
        supports_tools=model.supports_tools,
        supports_reasoning=model.supports_reasoning,
        backend=model.backend,
        loaded=model.loaded,
        type="base",
        capabilities=Capabilities(
            completion_chat=model.supports_chat,
            completion_fim=model.supports_fim,
            function_calling=model.supports_tools,
            vision=model.supports_vision,
        ),
    )


LIST = Endpoint(
    method="GET",
    path="/v1/models",
    summary="The models, the default one first",
    handle=list_models,
    takes=Nothing,
    gives=ModelList,
    unauthorized="invalid_request_error",
)
ONE = Endpoint(
    method="GET",
    path="/v1/models/{id}",
    summary="One model",
    handle=one_model,
    takes=ModelPath,
    gives=Model,
    unauthorized="invalid_request_error",
)

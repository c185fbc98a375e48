"""``GET /health``: 200 when the default model can answer and keys can be checked, otherwise 503 and why."""

from __future__ import annotations

from fimble.engine.errors import FimbleError

from ..call import Call
from ..endpoint import Answer, Endpoint, Nothing
from ..errors import overloaded
from ..schema.models import Health


async def health(call: Call, body: Nothing) -> Answer:
    call.services.keys.check_readable()
    try:
        model = await call.engine.check()
    except FimbleError as error:
        known = error.code in ("overloaded", "model_loading")
        raise overloaded(error.code if known else "upstream_unavailable", error.message) from error
    return Health(status="ok", model=model.id)


ENDPOINT = Endpoint(
    method="GET",
    path="/health",
    summary="Whether the default model can answer",
    handle=health,
    takes=Nothing,
    gives=Health,
    public=True,
)

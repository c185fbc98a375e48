"""``POST /v1/events``: what became of a suggestion. Only counted, as ``/v1/feedback`` does."""

from __future__ import annotations

from aiohttp import web

from ...call import Call
from ...endpoint import Answer, Endpoint, Nothing
from ...store.usage import Counts
from .schema import TabbyEvent


async def tabby_event(call: Call, body: TabbyEvent) -> Answer:
    """A text that was dismissed was counted as shown before."""
    if body.type != "dismiss":
        model = await call.model(None)
        counts = Counts(shown=int(body.type == "view"), accepted=int(body.type == "select"))
        call.services.usage.add(call.user, model.id, "/v1/completions", counts)
    return web.Response(text="")


ENDPOINT = Endpoint(
    method="POST",
    path="/v1/events",
    summary="Count a suggestion as shown or accepted, as Tabby does",
    handle=tabby_event,
    takes=TabbyEvent,
    gives=Nothing,
    scopes=frozenset({"complete"}),
    media="text/plain",
)

"""``GET /metrics``: figures for Prometheus."""

from __future__ import annotations

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from ..call import Call
from ..endpoint import Answer, Endpoint, Nothing


async def metrics(call: Call, body: Nothing) -> Answer:
    call.services.metrics.observe_caches(call.engine.caches())
    return web.Response(body=call.services.metrics.page(), headers={"Content-Type": CONTENT_TYPE_LATEST})


ENDPOINT = Endpoint(
    method="GET",
    path="/metrics",
    summary="Figures for Prometheus",
    handle=metrics,
    takes=Nothing,
    gives=Nothing,
    scopes=frozenset({"admin"}),
    media="text/plain",
)

"""``GET /openapi.json``: the description of everything else, and of itself."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from aiohttp import web

from ..call import Call
from ..endpoint import Answer, AnyEndpoint, Endpoint, Nothing
from ..openapi import Document, document
from ..reply import compact


def describing(others: Sequence[AnyEndpoint]) -> AnyEndpoint:
    """The endpoint that describes these and itself; the description is made once, when first asked for."""

    async def openapi(call: Call, body: Nothing) -> Answer:
        return web.Response(body=description(), content_type="application/json")

    @cache
    def description() -> bytes:
        return compact(document([*others, endpoint]))

    endpoint = Endpoint(
        method="GET",
        path="/openapi.json",
        summary="This description",
        handle=openapi,
        takes=Nothing,
        gives=Document,
    )
    return endpoint

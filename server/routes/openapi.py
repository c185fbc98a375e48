"""``GET /openapi.json``: the description of everything else, and of itself."""

from __future__ import annotations

from typing import Any

from pydantic import RootModel

from ..call import Call
from ..endpoint import Answer, Endpoint, Nothing


class Document(RootModel[dict[str, Any]]):
    """An OpenAPI 3.1 document."""


async def openapi(call: Call, body: Nothing) -> Answer:
    from .table import ENDPOINTS  # which has this one in it

    from ..openapi import document  # isort: skip

    return Document(document(ENDPOINTS))


ENDPOINT = Endpoint(
    method="GET",
    path="/openapi.json",
    summary="This description",
    handle=openapi,
    takes=Nothing,
    gives=Document,
)

"""Addresses of Ollama's beside its endpoints: what is asked to see whether a server is there, and what
nothing here can do."""

from __future__ import annotations

from typing import NoReturn

from aiohttp import web

from ...errors import INVALID, ApiError
from ...pipeline import Handler, served
from ...trace import TRACE
from .models import ENDPOINTS

RUNNING = "Ollama is running"
"""What Ollama's address says to whoever asks, which some clients look for."""
_HERE = "Models are managed on the server's own machine, with `fimble models` (see `fimble models --help`)."
_NO_EMBEDDINGS = "The models here write code and make no embeddings. Ask another server for these."
_REFUSED = {
    "/api/embed": _NO_EMBEDDINGS,
    "/api/embeddings": _NO_EMBEDDINGS,
    "/api/pull": "Models are fetched on the server's own machine, with `fimble models pull NAME`.",
    "/api/push": "Models cannot be published from here. " + _HERE,
    "/api/create": "Models cannot be made here. " + _HERE,
    "/api/copy": "Models cannot be copied here. " + _HERE,
    "/api/delete": "Models cannot be deleted over the network. " + _HERE,
    "/api/blobs/{digest}": "No files of models are taken here. " + _HERE,
}


def add_addresses(app: web.Application) -> None:
    """HEAD for what clients probe, and an error that says what to do for everything else of Ollama's."""
    for endpoint in ENDPOINTS:
        if endpoint.method == "GET":  # of whose answer the web server sends the head alone
            app.router.add_route("HEAD", endpoint.path, served(endpoint))
    for path, reason in _REFUSED.items():
        app.router.add_route("*", path, _refusing(path, reason))


def _refusing(path: str, reason: str) -> Handler:
    async def refuse(request: web.Request) -> NoReturn:
        request[TRACE].path = path
        raise ApiError(501, INVALID, "unsupported_parameter", reason)

    return refuse

"""``GET /``: the playground page and its files, under a strict Content-Security-Policy. Clients of Ollama ask
there whether a server is there."""

from __future__ import annotations

import hashlib
import mimetypes
from functools import cache
from importlib.resources import files

from aiohttp import ETag, web

from ..dialects.ollama.addresses import RUNNING
from ..pipeline import Handler
from ..services import SERVICES
from ..trace import TRACE

PAGE = "index.html"
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def add_page(app: web.Application) -> None:
    """The page at ``/`` and its files beside it: all their addresses are relative, for any base URL."""
    pages = {name: _serving(name) for name in page_files()}
    root = _at_the_root(pages.pop(PAGE, None))
    for method in ("GET", "HEAD"):
        app.router.add_route(method, "/", root)
    for name, handle in pages.items():
        app.router.add_route("GET", f"/{name}", handle)


@cache
def page_files() -> dict[str, bytes]:
    """The built files by name."""
    folder = files(__package__) / "static"
    return {entry.name: entry.read_bytes() for entry in folder.iterdir()} if folder.is_dir() else {}


def _at_the_root(page: Handler | None) -> Handler:
    """The page for a browser, and for who takes anything, unless the server stands in Ollama's place; a
    sentence for everybody else."""

    async def handle(request: web.Request) -> web.StreamResponse:
        accepted, compat = request.headers.get("Accept", ""), request.app[SERVICES].settings.compat
        anything = "*/*" in accepted and all(program != "ollama" for program, _ in compat)
        if page is not None and (anything or "text/html" in accepted):
            response = await page(request)
        else:
            request[TRACE].path = "/"
            response = web.Response(text=RUNNING, headers=HEADERS)
        response.headers["Vary"] = "Accept"
        return response

    return handle


def _serving(name: str) -> Handler:
    data = page_files()[name]
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    tag = hashlib.sha256(data).hexdigest()[:16]

    async def handle(request: web.Request) -> web.Response:
        request[TRACE].path = "/"
        if any(known.value == tag for known in request.if_none_match or ()):
            response = web.Response(status=304)
        else:
            response = web.Response(body=data, content_type=kind, charset="utf-8")
            response.enable_compression()
        response.headers.update(HEADERS)
        response.etag = ETag(tag, is_weak=True)
        return response

    return handle

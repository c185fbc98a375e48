"""The application: one route for each endpoint, around one engine."""

from __future__ import annotations

from aiohttp import web

from .dialects.ollama.addresses import add_addresses
from .pipeline import answered, served
from .playground.page import add_page
from .routes.table import ENDPOINTS
from .services import SERVICES, Services
from .trace import add_headers


def make_app(services: Services) -> web.Application:
    """An application that answers from ``services``; their engine stays the caller's to close."""
    app = web.Application(middlewares=[answered], client_max_size=services.settings.max_body_bytes)
    app[SERVICES] = services
    for endpoint in ENDPOINTS:
        path = endpoint.path.replace("{id}", "{id:.+}")  # names of models may have slashes
        app.router.add_route(endpoint.method, path, served(endpoint))
    add_page(app)
    add_addresses(app)
    app.on_response_prepare.append(add_headers)
    app.cleanup_ctx.append(services.running)
    return app

"""Whether a request may pass: by its key and the scopes of it, or, where none is needed, by its origin."""

from __future__ import annotations

from aiohttp import web

from .endpoint import AnyEndpoint
from .errors import ApiError, lacking, unauthorized
from .hosts import host_of, is_loopback
from .key_directory import KeyDirectory
from .store.keys import Key


async def admitted_key(request: web.Request, endpoint: AnyEndpoint, keys: KeyDirectory) -> Key | None:
    """The key that a request shows, or None where none is needed. Raises 401, 403 or 503."""
    if endpoint.public:
        return None
    if not keys.needed:
        _refuse_other_sites(request)
        return None
    keys.check_readable()
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not text.strip():
        raise unauthorized()
    key = await keys.find(text.strip())
    if endpoint.scopes and not endpoint.scopes & key.scopes:
        wanted = " or ".join(f"`{scope}`" for scope in sorted(endpoint.scopes))
        raise lacking(f"This key lacks the scope {wanted} that this address needs.")
    return key


def _refuse_other_sites(request: web.Request) -> None:
    """Without keys, a web page that somebody visits must not reach this server through their browser, not
    even under a name that it has made to mean this machine."""
    names = [request.host, *request.headers.getall("Origin", [])]
    elsewhere = request.headers.get("Sec-Fetch-Site") == "cross-site"
    if elsewhere or not all(is_loopback(host_of(name)) for name in names):
        message = "Without keys this server answers this machine alone. Ask it at 127.0.0.1."
        raise ApiError(403, "permission_error", "key_scope", message)

"""From settings to the gateway of a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..backends.base import Backend
from ..settings import Settings
from ..upstream_settings import UpstreamSettings
from .backend import UpstreamBackend
from .exchange import Exchanges
from .gateway import Gateway, OnServing
from .health import Health
from .member import Member
from .secret import resolved
from .wires import PROGRAMS, wire_of


def open_gateway(
    upstreams: Mapping[str, UpstreamSettings],
    settings: Settings,
    make_local: Callable[[], Backend] | None,
    on_serving: OnServing,
    name: str,
) -> Gateway:
    """The gateway to ``upstreams``; nothing is connected yet. ``name`` is the model's, empty for one that has
    its server's. Raises :class:`~..errors.SettingsError` for a key that cannot be read."""
    members = [open_member(called, upstream, settings) for called, upstream in upstreams.items()]
    return Gateway(members, make_local, on_serving, name)


def open_member(name: str, upstream: UpstreamSettings, settings: Settings) -> Member:
    """One upstream, and what will be known of it. Raises as :func:`open_gateway`."""
    timeout = (upstream.timeout_ms or settings.timeout_ms) / 1000
    health = Health(timeout)
    price = upstream.price.to_engine() if upstream.price else None
    return Member(name, _backend_of(name, upstream, timeout, health), health, price, upstream.backup)


def _backend_of(name: str, upstream: UpstreamSettings, timeout: float, health: Health) -> Backend:
    if upstream.kind == "ray":
        from ..cluster.backend import RayBackend  # brings Ray

        return RayBackend(upstream.url, upstream.model, timeout)
    setting = "`engine`" if name == upstream.url else f"`upstreams.{name}`"
    key = resolved(upstream.key, setting)
    exchanges = Exchanges(
        upstream.url, key, timeout, health.heard, setting, PROGRAMS[upstream.kind], upstream.certificate
    )
    return UpstreamBackend(exchanges, wire_of(upstream), upstream.slots)

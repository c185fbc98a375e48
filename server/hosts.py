"""Names and addresses of this machine alone."""

from __future__ import annotations

import ipaddress

from yarl import URL


def is_loopback(host: str) -> bool:
    """Whether a name or address can only mean this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def host_of(address: str) -> str:
    """The host of ``host:port`` or of an origin; "" for what is neither."""
    try:
        return URL(address if "://" in address else f"http://{address}").host or ""
    except ValueError:
        return ""

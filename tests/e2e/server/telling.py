"""What a server says of itself, asked without any client."""

from __future__ import annotations

import json
import urllib.request
from typing import Any, Protocol

from .conftest import wait_for

PATIENCE_SECONDS = 20
"""How long a model may go on that nobody waits for. Where it would end by itself, that takes more than twice
as long."""


class Address(Protocol):
    """A running server, and a key to it."""

    @property
    def url(self) -> str: ...
    @property
    def key(self) -> str: ...


def told(served: Address, path: str) -> Any:
    request = urllib.request.Request(served.url + path, headers={"Authorization": f"Bearer {served.key}"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def busy(served: Address) -> bool:
    """The model answers somebody."""
    return any(slot["is_processing"] for slot in told(served, "/slots"))


def wait_until_idle(served: Address) -> None:
    wait_for(lambda: not busy(served), PATIENCE_SECONDS)

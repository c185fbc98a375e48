"""A server that says what it is told, and a client of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from fimble.engine.upstreams.backend import UpstreamBackend

from .asking import backend_of
from .upstream import Upstream, upstream


@pytest.fixture
async def server() -> AsyncIterator[Upstream]:
    async with upstream() as made:
        yield made


@pytest.fixture
async def remote(server: Upstream) -> AsyncIterator[UpstreamBackend]:
    made = backend_of(server.url)
    yield made
    await made.close()

"""A server that says what it is told, and a client of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from fimble.engine.remote.backend import RemoteBackend

from .upstream import Upstream, upstream


@pytest.fixture
async def server() -> AsyncIterator[Upstream]:
    async with upstream() as made:
        yield made


@pytest.fixture
async def remote(server: Upstream) -> AsyncIterator[RemoteBackend]:
    made = RemoteBackend(server.url, None, 20.0)
    yield made
    await made.close()

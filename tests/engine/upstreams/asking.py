"""An upstream of any kind at an address, as settings would make it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fimble.engine.types import Completion, Delta, Request
from fimble.engine.upstream_settings import UpstreamSettings
from fimble.engine.upstreams.backend import UpstreamBackend
from fimble.engine.upstreams.exchange import Exchanges
from fimble.engine.upstreams.wires import PROGRAMS, wire_of


def backend_of(
    url: str, kind: Any = "fimble", timeout: float = 20.0, key: str | None = None,
    on_answer: Callable[[], None] = lambda: None, **table: Any,
) -> UpstreamBackend:  # fmt: skip
    """``table`` is what else settings say of it."""
    upstream = UpstreamSettings(kind=kind, address=url, **table)
    exchanges = Exchanges(
        upstream.url, key, timeout, on_answer, program=PROGRAMS[upstream.kind],
        certificate=upstream.certificate,
    )  # fmt: skip
    return UpstreamBackend(exchanges, wire_of(upstream), upstream.slots)


async def deltas_of(backend: UpstreamBackend, request: Request) -> list[Delta]:
    return [delta async for delta in backend.generate(request)]


async def answer_of(backend: UpstreamBackend, request: Request) -> Completion:
    """All deltas of an answer as one."""
    made = await deltas_of(backend, request)
    last = made[-1]
    assert last.finish_reason is not None
    assert all(delta.finish_reason is None for delta in made[:-1])
    assert last.usage is not None
    return Completion.of(made, last.model)

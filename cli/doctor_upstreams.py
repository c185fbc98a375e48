"""Whether the servers answer that models are asked of, each by itself."""

from __future__ import annotations

import asyncio
import time

from fimble.engine.errors import FimbleError
from fimble.engine.settings import Settings
from fimble.engine.upstream_settings import UpstreamSettings
from fimble.engine.upstreams.opening import open_member

from .check import Check


async def upstreams(settings: Settings) -> list[Check]:
    """A line for each server that a model names."""
    named = {
        name: upstream for model in settings.names for name, upstream in settings.upstreams_of(model).items()
    }
    return await asyncio.gather(*(_looked_at(*each, settings) for each in named.items()))


async def _looked_at(name: str, upstream: UpstreamSettings, settings: Settings) -> Check:
    title = "upstream" if name == upstream.url else f"upstream {name}"
    try:
        backend = open_member(name, upstream, settings).backend
    except FimbleError as error:
        return Check(title, "warning", error.message, "Until then others are asked.")
    try:
        began = time.perf_counter()
        info = await backend.info()
        took = (time.perf_counter() - began) * 1000
    except FimbleError as error:
        return Check(title, "warning", error.message, "While it is away, the next in line is asked.")
    finally:
        await backend.close()
    what = ["suggestions"] * info.supports_fim + ["chat"] * info.supports_chat
    window = f", context {info.context_window:,}" if info.context_window else ""
    answers = f" for {' and '.join(what)}" if what else ""
    return Check(title, "ok", f"{upstream.url}: {info.id}{window}{answers}, {took:.0f} ms")

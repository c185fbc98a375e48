"""``fimble serve``: the HTTP server."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from typing import Any

from fimble.engine.engine import Engine
from fimble.engine.errors import FimbleError, SettingsError
from fimble.engine.runtimes.memory import SEQUENCES
from fimble.engine.settings import require_settings
from fimble.server.run import serve
from fimble.server.settings import server_settings

from .log import set_up_log

DEFAULTS = {"sequences": SEQUENCES, "workers": 0}
"""Many people type at a server: each needs a place in the model's cache, and all need all cores."""

LAID_OUT = (
    "Some of these clients lay prompts out themselves, with a model's fill-in-the-middle tokens. They are "
    "text here, unless you say --raw-prompts, or the key has the scope raw."
)


def run(server_flags: dict[str, Any], engine_flags: dict[str, Any], log_level: str) -> None:
    set_up_log(log_level)
    settings, server = require_settings(engine_flags, DEFAULTS), server_settings(server_flags)

    def say(url: str, program: str) -> None:
        place = f" for clients of {program}" if program else ""
        print(f"fimble listens on {url}{place}", file=sys.stderr, flush=True)
        if program == "llama" and not server.raw_prompts:
            print(LAID_OUT, file=sys.stderr, flush=True)

    async def main() -> None:
        engine = Engine(settings)
        loading = asyncio.create_task(_load(engine))
        try:
            await serve(engine, server, say)
        finally:
            loading.cancel()
            await engine.close()

    try:
        asyncio.run(main())
    except OSError as error:
        raise SettingsError(
            f"Cannot listen on {server.host}:{server.port}: {error.strerror or error}."
        ) from error


async def _load(engine: Engine) -> None:
    """Open the model before somebody asks; who asks is told why that fails."""
    with suppress(FimbleError):
        await engine.load()

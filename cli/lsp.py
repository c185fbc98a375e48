"""``fimble lsp``: the language server on standard streams or a loopback port."""

from __future__ import annotations

import gc
import logging
import os
import sys

from .log import set_up_log


def run(tcp: int | None = None, log_level: str = "warning") -> int:
    """Serve until the editor has gone; returns the exit code."""
    set_up_log(log_level)
    # pygls would write whole messages, with the user's code, at "info", and parts of them with errors
    logging.getLogger("pygls").setLevel(logging.CRITICAL)
    gc.disable()  # what is imported stays: looking for garbage in it costs an eighth of the start
    if tcp is None and os.environ.get("FIMBLE_ENGINE", "shared") == "shared":
        _start_spare_service()
    import asyncio

    from fimble.lsp.lazy_types import import_types

    import_types()
    from fimble.lsp.streams import LOOPBACK, serve_stdio, serve_tcp

    gc.freeze()
    gc.enable()
    if tcp is None:
        return asyncio.run(serve_stdio())
    try:
        asyncio.run(serve_tcp(tcp, lambda port: print(f"listening on {LOOPBACK}:{port}", file=sys.stderr)))
    except KeyboardInterrupt:
        pass
    except OSError as error:
        print(f"error: port {tcp} cannot be used: {error.strerror}", file=sys.stderr)
        return 1
    return 0


def _start_spare_service() -> None:
    """Before anything else, since the first suggestion waits for it longest."""
    from fimble.engine.shared.spare import SPARE, Spare

    spare = Spare()
    spare.start()
    SPARE.set(spare)

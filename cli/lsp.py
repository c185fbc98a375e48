"""``fimble lsp``: the language server on standard streams or a loopback port."""

from __future__ import annotations

import asyncio
import logging
import sys

import typer

from fimble.lsp.streams import LOOPBACK, serve_stdio, serve_tcp

from .log import set_up_log


def run(tcp: int | None, log_level: str) -> None:
    set_up_log(log_level)
    # pygls would write whole messages, with the user's code, at "info", and parts of them with errors
    logging.getLogger("pygls").setLevel(logging.CRITICAL)
    if tcp is None:
        raise typer.Exit(asyncio.run(serve_stdio()))
    try:
        asyncio.run(serve_tcp(tcp, lambda port: print(f"listening on {LOOPBACK}:{port}", file=sys.stderr)))
    except KeyboardInterrupt:
        raise typer.Exit(0) from None
    except OSError as error:
        print(f"error: port {tcp} cannot be used: {error.strerror}", file=sys.stderr)
        raise typer.Exit(1) from error

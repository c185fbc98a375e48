"""``fimble lsp``: the language server on standard streams or a loopback port."""

from __future__ import annotations

import logging

from fimble.lsp.server import make_server

from .log import set_up_log


def run(tcp: int | None, log_level: str) -> None:
    level = set_up_log(log_level)
    # pygls would write whole messages, with the user's code, at "info"
    logging.getLogger("pygls").setLevel(max(level, logging.ERROR))
    server = make_server()
    if tcp is not None:
        server.start_tcp("127.0.0.1", tcp)
    else:
        server.start_io()

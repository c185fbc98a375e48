"""Options that change while the server runs: ``workspace/didChangeConfiguration``, pulled or pushed."""

from __future__ import annotations

import asyncio
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException, PyglsError
from pygls.lsp.server import LanguageServer

from ..capabilities import ClientCapabilities
from ..copilot_client import options_of
from ..limits import ANSWER_SECONDS
from ..session import Session

SECTION = "fimble"


async def configure(
    server: LanguageServer,
    session: Session,
    base: dict[str, Any],
    client: ClientCapabilities,
    change: types.DidChangeConfigurationParams | None = None,
) -> None:
    """Take the options sent at the start, and over them those that were pushed or can be pulled."""
    pushed = pushed_configuration(change, client) if change else None
    session.configure({**base, **(pushed or {})})
    if pushed is None and client.configuration:
        pulled = await pull_configuration(server)
        if pulled is not None:
            session.configure({**base, **pulled})
    session.start()


async def pull_configuration(server: LanguageServer) -> dict[str, Any] | None:
    """Ask the client for its section; None when it has none or does not answer."""
    items = [types.ConfigurationItem(section=SECTION)]
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            found = await server.workspace_configuration_async(types.ConfigurationParams(items=items))
    except (JsonRpcException, PyglsError, TimeoutError):
        return None
    sent = found[0] if found else None
    return sent if isinstance(sent, dict) else None


def pushed_configuration(
    params: types.DidChangeConfigurationParams, client: ClientCapabilities
) -> dict[str, Any] | None:
    """The options inside a notification: its ``fimble`` section, or the whole of it. The whole of what a
    client of Copilot's server sends is that server's."""
    sent = params.settings
    if not isinstance(sent, dict):
        return None
    section = sent.get(SECTION, options_of(sent) if client.copilot else sent)
    return section if isinstance(section, dict) and section else None

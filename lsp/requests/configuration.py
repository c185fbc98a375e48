"""Options that change while the server runs: ``workspace/didChangeConfiguration``, pulled or pushed."""

from __future__ import annotations

import asyncio
from typing import Any

from ..capabilities import ClientCapabilities
from ..limits import ANSWER_SECONDS
from ..messages import DidChangeConfigurationParams
from ..protocol import Connection, RpcError
from ..session import Session

SECTION = "fimble"


async def configure(
    connection: Connection,
    session: Session,
    base: dict[str, Any],
    client: ClientCapabilities,
    change: DidChangeConfigurationParams | None = None,
) -> None:
    """Take the options sent at the start, and over them those that were pushed or can be pulled."""
    pushed = pushed_configuration(change) if change else None
    session.configure({**base, **(pushed or {})})
    if pushed is None and client.configuration:
        pulled = await pull_configuration(connection)
        if pulled is not None:
            session.configure({**base, **pulled})
    session.start()


async def pull_configuration(connection: Connection) -> dict[str, Any] | None:
    """Ask the client for its section; None when it has none or does not answer."""
    items = [{"section": SECTION}]
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            found = await connection.request("workspace/configuration", {"items": items})
    except (RpcError, TimeoutError):
        return None
    sent = found[0] if isinstance(found, list) and found else None
    return sent if isinstance(sent, dict) else None


def pushed_configuration(params: DidChangeConfigurationParams) -> dict[str, Any] | None:
    """The options inside a notification: its ``fimble`` section, or the whole of it."""
    sent = params.settings
    if not isinstance(sent, dict):
        return None
    section = sent.get(SECTION, sent)
    return section if isinstance(section, dict) and section else None

"""Options that change while the server runs: ``workspace/didChangeConfiguration``, pulled or pushed."""

from __future__ import annotations

from typing import Any

from lsprotocol import types
from pygls.exceptions import PyglsError
from pygls.lsp.server import LanguageServer

from ..session import Session

SECTION = "fimble"


async def pull_configuration(server: LanguageServer, session: Session, base: dict[str, Any]) -> None:
    """Ask the client for its section and lay it over the options that it sent at the start."""
    items = [types.ConfigurationItem(section=SECTION)]
    try:
        found = await server.workspace_configuration_async(types.ConfigurationParams(items=items))
    except PyglsError:
        return
    sent = found[0] if found else None
    if isinstance(sent, dict):
        session.configure({**base, **sent})


def pushed_configuration(params: types.DidChangeConfigurationParams) -> dict[str, Any] | None:
    """The options inside a notification: its ``fimble`` section, or the whole of it."""
    sent = params.settings
    if not isinstance(sent, dict):
        return None
    section = sent.get(SECTION, sent)
    return section if isinstance(section, dict) and section else None

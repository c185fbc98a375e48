"""Everything that handles messages, in one import that the first message after ``initialize`` causes.

``initialize`` itself is answered without it, so that the editor need not wait for the engine's modules.
"""

from __future__ import annotations

from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from .capabilities import ClientCapabilities
from .notices import Notices
from .positions import Encoding
from .requests.acceptance import accepted, partially_accepted, shown
from .requests.commands import run_command
from .requests.completion import completion
from .requests.configuration import pull_configuration, pushed_configuration
from .requests.did_change import did_change
from .requests.did_close import did_close
from .requests.did_focus import did_focus
from .requests.did_open import did_open
from .requests.inline_completion import inline_completion
from .session import Session
from .statistics import Statistics
from .status import Status

__all__ = [
    "accepted",
    "completion",
    "configure",
    "did_change",
    "did_close",
    "did_focus",
    "did_open",
    "inline_completion",
    "make_session",
    "partially_accepted",
    "run_command",
    "shown",
]


def make_session(
    server: LanguageServer, client: ClientCapabilities, encoding: Encoding, folders: list[str]
) -> Session:
    """The session of a client that has introduced itself."""
    session = Session(Notices(server), Status(server.protocol.notify), Statistics())
    session.notices.progress_supported = client.progress
    session.documents.encoding = encoding
    session.set_folders(folders)
    return session


async def configure(
    server: LanguageServer,
    session: Session,
    base: dict[str, Any],
    client: ClientCapabilities,
    change: types.DidChangeConfigurationParams | None = None,
) -> None:
    """Take the options sent at the start, and over them those that were pushed or can be pulled."""
    pushed = pushed_configuration(change) if change else None
    session.configure({**base, **(pushed or {})})
    if pushed is None and client.configuration:
        await pull_configuration(server, session, base)
    session.start()

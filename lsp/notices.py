"""Telling the user: a sentence once for each cause, and progress of what takes a while."""

from __future__ import annotations

import logging

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from fimble.engine.errors import FimbleError

from . import limits
from .progress import Bar

log = logging.getLogger(__name__)
SHOW_AFTER_SECONDS = 0.3
"""What is over sooner is not worth a progress bar."""


class Notices:
    """Messages to the editor's user."""

    def __init__(self, server: LanguageServer, progress_supported: bool = False) -> None:
        self._server = server
        self._shown: set[str] = set()
        self._progress_supported = progress_supported
        self._loading = self.bar("Loading the model")

    def once(self, message: str, kind: types.MessageType = types.MessageType.Warning) -> None:
        """Show a message unless the same one was shown before, or too many others."""
        message = message[: limits.NOTICE_CHARACTERS]
        if message in self._shown:
            return
        if len(self._shown) >= limits.NOTICES:
            log.warning("not shown, after so many others: %s", message)
            return
        self._shown.add(message)
        self._server.window_show_message(types.ShowMessageParams(kind, "fimble: " + message))

    def error(self, error: FimbleError) -> None:
        self.once(error.message, types.MessageType.Error)

    def loading(self, detail: str) -> None:
        """A model begins to load."""
        self._loading.tell(detail)

    def loaded(self) -> None:
        """It has been loaded, or has failed."""
        self._loading.end("ready")

    def bar(self, title: str) -> Bar:
        """A progress bar for something else that takes a while."""
        return Bar(self._server, self._progress_supported, title, SHOW_AFTER_SECONDS)

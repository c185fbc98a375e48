"""Telling the user: a sentence once for each cause, and progress while a model loads."""

from __future__ import annotations

import asyncio
import logging
import uuid

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from fimble.engine.errors import FimbleError

from . import limits

log = logging.getLogger(__name__)
SHOW_AFTER_SECONDS = 0.3
"""A model that loads faster than this is not worth a progress bar."""


class Notices:
    """Messages to the editor's user."""

    def __init__(self, server: LanguageServer, progress_supported: bool = False) -> None:
        self._server = server
        self._shown: set[str] = set()
        self._progress_supported = progress_supported
        self._loading: asyncio.Task[None] | None = None
        self._token: str | None = None

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
        if self._progress_supported and self._loading is None:
            self._loading = asyncio.get_running_loop().create_task(self._show_loading(detail))

    def loaded(self) -> None:
        """It has been loaded, or has failed."""
        task, self._loading = self._loading, None
        if task is not None:
            task.cancel()
        token, self._token = self._token, None
        if token is not None:
            self._server.work_done_progress.end(token, types.WorkDoneProgressEnd(message="ready"))

    async def _show_loading(self, detail: str) -> None:
        await asyncio.sleep(SHOW_AFTER_SECONDS)
        token = str(uuid.uuid4())
        # an answer that comes after a cancellation would be an error to pygls, and shown to the user
        await asyncio.shield(self._server.work_done_progress.create_async(token))
        self._token = token
        self._server.work_done_progress.begin(
            token, types.WorkDoneProgressBegin(title="Loading the model", message=detail)
        )

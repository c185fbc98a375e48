"""Telling the user: a sentence once for each cause, and progress while a model loads."""

from __future__ import annotations

import asyncio
import logging
import uuid

from fimble.engine.errors import FimbleError

from . import limits
from .messages import ERROR, WARNING, ShowMessageParams
from .protocol import Connection, RpcError

log = logging.getLogger(__name__)
SHOW_AFTER_SECONDS = 0.3
"""A model that loads faster than this is not worth a progress bar."""


class Notices:
    """Messages to the editor's user."""

    def __init__(self, connection: Connection, progress_supported: bool = False) -> None:
        self._connection = connection
        self._shown: set[str] = set()
        self._progress_supported = progress_supported
        self._loading: asyncio.Task[None] | None = None
        self._token: str | None = None

    def once(self, message: str, kind: int = WARNING) -> None:
        """Show a message unless the same one was shown before, or too many others."""
        message = message[: limits.NOTICE_CHARACTERS]
        if message in self._shown:
            return
        if len(self._shown) >= limits.NOTICES:
            log.warning("not shown, after so many others: %s", message)
            return
        self._shown.add(message)
        self._connection.notify("window/showMessage", ShowMessageParams(kind, "fimble: " + message))

    def error(self, error: FimbleError) -> None:
        self.once(error.message, ERROR)

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
            self._progress(token, {"kind": "end", "message": "ready"})

    async def _show_loading(self, detail: str) -> None:
        await asyncio.sleep(SHOW_AFTER_SECONDS)
        token = str(uuid.uuid4())
        try:
            await self._connection.request("window/workDoneProgress/create", {"token": token})
        except RpcError:
            return  # the editor shows none
        self._token = token
        self._progress(token, {"kind": "begin", "title": "Loading the model", "message": detail})

    def _progress(self, token: str, value: dict[str, str]) -> None:
        self._connection.notify("$/progress", {"token": token, "value": value})

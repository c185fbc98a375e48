"""Progress bars in the editor (``$/progress``)."""

from __future__ import annotations

import asyncio
import uuid

from lsprotocol import types
from pygls.lsp.server import LanguageServer


class Bar:
    """One bar, for one thing at a time. None is shown for what is over after ``seconds``, or to a client that
    has no bars."""

    def __init__(self, server: LanguageServer, supported: bool, title: str, seconds: float) -> None:
        self._server, self._supported = server, supported
        self._title, self._seconds = title, seconds
        self._showing: asyncio.Task[None] | None = None
        self._token: str | None = None
        self._message = ""
        self._percentage: int | None = None

    def tell(self, message: str, percentage: int | None = None) -> None:
        """It has begun, or has come so far."""
        before, self._message, self._percentage = (self._message, self._percentage), message, percentage
        if self._supported and self._showing is None:
            self._showing = asyncio.get_running_loop().create_task(self._show())
        elif self._token is not None and before != (message, percentage):
            report = types.WorkDoneProgressReport(message=message, percentage=percentage)
            self._server.work_done_progress.report(self._token, report)

    def end(self, message: str) -> None:
        """It is over, or is waited for no longer."""
        task, self._showing = self._showing, None
        if task is not None:
            task.cancel()
        token, self._token = self._token, None
        if token is not None:
            self._server.work_done_progress.end(token, types.WorkDoneProgressEnd(message=message))

    async def _show(self) -> None:
        await asyncio.sleep(self._seconds)
        token = str(uuid.uuid4())
        # an answer that comes after a cancellation would be an error to pygls, and shown to the user
        await asyncio.shield(self._server.work_done_progress.create_async(token))
        self._token = token
        begin = types.WorkDoneProgressBegin(self._title, message=self._message, percentage=self._percentage)
        self._server.work_done_progress.begin(token, begin)

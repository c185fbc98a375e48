"""Requests that wait for a pause in typing: one for each document, ended by an edit or another request."""

from __future__ import annotations

import asyncio

from .asks import Question


class Rests:
    """All waits of one session, by document."""

    def __init__(self) -> None:
        self._resting: dict[str, _Rest] = {}

    async def rest(self, uri: str, question: Question, seconds: float) -> bool:
        """Wait; returns whether nothing came in between. Who asks the same waits for the same end."""
        resting = self._resting.get(uri)
        if resting is None or resting.question != question:
            self.end(uri)
            if seconds <= 0:
                return True
            resting = self._resting[uri] = _Rest(question, seconds)
        undisturbed = await asyncio.shield(resting.over)
        if self._resting.get(uri) is resting:
            del self._resting[uri]
        return undisturbed

    def end(self, uri: str) -> None:
        """The document was changed or closed, or something else is asked for it."""
        if (resting := self._resting.pop(uri, None)) is not None:
            resting.end(undisturbed=False)

    def close(self) -> None:
        for uri in list(self._resting):
            self.end(uri)


class _Rest:
    """One wait. ``over`` becomes whether it lasted to its end."""

    def __init__(self, question: Question, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        self.question = question
        self.over: asyncio.Future[bool] = loop.create_future()
        self._timer = loop.call_later(seconds, self.end, True)

    def end(self, undisturbed: bool) -> None:
        self._timer.cancel()
        if not self.over.done():
            self.over.set_result(undisturbed)

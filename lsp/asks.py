"""What the engine is asked at the moment: one question for each document, shared by all who ask the same.

Editors ask twice for one key: for the menu and for inline text. The second joins the first. A question at
another place takes the earlier one's place, whose askers get what was made by then.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from .positions import Place
from .snapshot import Snapshot
from .suggestions import Suggestion

log = logging.getLogger(__name__)
FURTHER_SECONDS = 0.3
"""How long the first of several suggestions waits for the others. No editor takes more of them later in
the same answer; those that come too late are in the answer when the user asks again."""

Work = Callable[[Callable[[Suggestion], None]], Coroutine[Any, Any, None]]
"""Makes suggestions and hands over each as soon as it is there."""


@dataclass(frozen=True, slots=True)
class Question:
    """Equal ones have equal answers."""

    revision: int
    before: int
    start: Place
    inserted: str
    invoked: bool

    @classmethod
    def about(cls, snapshot: Snapshot, invoked: bool) -> Question:
        return cls(snapshot.revision, snapshot.before, snapshot.start, snapshot.inserted, invoked)


class Asks:
    """All questions of one session, by document."""

    def __init__(self) -> None:
        self._asked: dict[str, _Ask] = {}
        self._ending: set[asyncio.Task[None]] = set()

    async def answer(self, uri: str, question: Question, work: Work) -> list[Suggestion]:
        """What ``work`` made, the best first; nothing where another question came in between."""
        asked = self._asked.get(uri)
        if asked is None or asked.question != question or not asked.joinable:
            self.forget(uri)
            asked = self._asked[uri] = _Ask(question, work)
        return await asked.answer()

    def forget(self, uri: str) -> None:
        """End the question about a document, and forget its answer."""
        if (asked := self._asked.pop(uri, None)) is not None:
            self._end(asked.task)

    def clear(self) -> None:
        """End all questions: what they would make is of an engine that is no longer in use."""
        for uri, asked in list(self._asked.items()):
            asked.drop()
            self.forget(uri)

    async def close(self) -> None:
        self.clear()
        await asyncio.gather(*self._ending, return_exceptions=True)

    def _end(self, task: asyncio.Task[None]) -> None:
        if not task.done():
            task.cancel()
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)


class _Ask:
    """One question while it is worked on; one by hand also after that, for when it is asked again."""

    def __init__(self, question: Question, work: Work) -> None:
        self.question = question
        self._made: list[Suggestion] = []
        self._first = asyncio.Event()
        self._waiting = 0
        self.task = asyncio.get_running_loop().create_task(work(self._add))
        self.task.add_done_callback(self._ended)

    @property
    def joinable(self) -> bool:
        """Whether the same question need not be asked again. One that was given up ends a moment later."""
        working = not self.task.done() and not self.task.cancelling()
        return working or (self.question.invoked and bool(self._made))

    async def answer(self) -> list[Suggestion]:
        """Wait for the first suggestion, and a little for more of them."""
        self._waiting += 1
        try:
            await self._first.wait()
            if not self.task.done():
                await asyncio.wait({self.task}, timeout=FURTHER_SECONDS)
        except asyncio.CancelledError:
            if self._waiting == 1:
                self.task.cancel()  # nobody waits for it any more
            raise
        finally:
            self._waiting -= 1
        return list(self._made)

    def drop(self) -> None:
        """Forget what was made: nobody is to be shown it any more."""
        self._made.clear()

    def _add(self, suggestion: Suggestion) -> None:
        self._made.append(suggestion)
        self._first.set()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._first.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("Asking the engine failed", exc_info=error)

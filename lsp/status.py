"""What the editor may show of the server's state: one notification whenever it changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

from .names import STATUS
from .switches import Off

THINKING_AFTER_SECONDS = 0.15
"""An answer that comes faster is not worth a flicker."""
Kind = Literal["ready", "loading", "thinking", "off", "snoozed", "error"]


@dataclass(frozen=True, slots=True)
class State:
    """``action`` is the next step for the user, in words, where there is one. ``engine`` tells for people
    where the model runs, ``model`` is its id. ``until`` is when a snooze ends (ISO 8601). ``project`` tells
    for people what the engine remembers of the workspace."""

    kind: Kind
    message: str = ""
    action: str = ""
    engine: str = ""
    model: str = ""
    until: str = ""
    project: str = ""

    def to_wire(self) -> dict[str, Any]:
        """The fields that say something."""
        found = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in found.items() if value}


Message = tuple[str, dict[str, Any]]
"""A notification: its method and its parameters."""
Words = Callable[[State], Message]
"""How a client is told of a state."""


def own_words(state: State) -> Message:
    return STATUS, state.to_wire()


class Status:
    """Folds the model's state, running requests and the switches into one state, and sends changes."""

    def __init__(
        self, notify: Callable[[str, dict[str, Any]], None], words: tuple[Words, ...] = (own_words,)
    ) -> None:
        self._notify, self._words = notify, words
        self._model = State("loading", "Starting")
        self._off: Off | None = None
        self._thinking = 0
        self._engine, self._model_id, self._why, self._project = "", "", "", ""
        self._sent: dict[str, Message] = {}

    @property
    def now(self) -> State:
        state = self._model
        if self._off is not None:
            state = State(self._off.kind, self._off.message, until=self._off.until)
        elif self._model.kind == "ready" and self._thinking:
            state = State("thinking")
        elif self._model.kind == "ready" and self._why:
            state = State("ready", self._why)
        return replace(state, engine=self._engine, model=self._model_id, project=self._project)

    def model(self, kind: Kind, message: str = "", action: str = "") -> None:
        """The model's or the remote engine's state changed."""
        self._model = State(kind, message, action)
        self._send()

    def served(self, engine: str, model: str, why: str = "") -> None:
        """Where requests are answered now, and by which model; ``why`` by this one and not the one that was
        configured. Each is empty where it is not known."""
        self._engine, self._model_id, self._why = engine, model, why
        self._send()

    def remembers(self, project: str) -> None:
        """What the engine remembers of the workspace; empty where it remembers nothing."""
        self._project = project
        self._send()

    def answered(self) -> None:
        """A request was answered, so an error that was told before is over, and loading too."""
        if self._model.kind in ("error", "loading"):
            self.model("ready", self._model_id)

    def switched(self, off: Off | None) -> None:
        """The switches changed, or another document has the focus."""
        self._off = off
        self._send()

    @contextmanager
    def thinking(self) -> Iterator[None]:
        """Around a request: tells that one runs if it takes a while."""
        shown: list[bool] = []

        def show() -> None:
            shown.append(True)
            self._thinking += 1
            self._send()

        timer = asyncio.get_running_loop().call_later(THINKING_AFTER_SECONDS, show)
        try:
            yield
        finally:
            timer.cancel()
            if shown:
                self._thinking -= 1
                self._send()

    def _send(self) -> None:
        for words in self._words:
            message = words(self.now)
            if message != self._sent.get(message[0]):
                self._sent[message[0]] = message
                self._notify(*message)

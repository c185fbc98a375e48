"""What the editor may show of the server's state: one notification whenever it changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from .control import Off
from .names import STATUS

THINKING_AFTER_SECONDS = 0.15
"""An answer that comes faster is not worth a flicker."""
Kind = Literal["ready", "loading", "thinking", "off", "snoozed", "error"]


@dataclass(frozen=True, slots=True)
class State:
    """``action`` is the next step for the user, in words, where there is one."""

    kind: Kind
    message: str = ""
    action: str = ""

    def to_wire(self) -> dict[str, Any]:
        found = {"kind": self.kind, "message": self.message, "action": self.action}
        return {name: value for name, value in found.items() if value}


class Status:
    """Folds the model's state, running requests and the switches into one state, and sends changes."""

    def __init__(self, notify: Callable[[str, dict[str, Any]], None]) -> None:
        self._notify = notify
        self._model = State("loading", "Starting")
        self._off: Off | None = None
        self._thinking = 0
        self._sent: State | None = None

    @property
    def now(self) -> State:
        if self._off is not None:
            return State(self._off.kind, self._off.message)
        if self._model.kind == "ready" and self._thinking:
            return State("thinking")
        return self._model

    def model(self, kind: Kind, message: str = "", action: str = "") -> None:
        """The model's or the remote engine's state changed."""
        self._model = State(kind, message, action)
        self._send()

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
        if (state := self.now) != self._sent:
            self._sent = state
            self._notify(STATUS, state.to_wire())

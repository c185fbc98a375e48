"""A ``fimble`` program for the editor to start: ours, told what to suggest, and listened to."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..tools import fimble
from ..wire import Wire

SCRIPT = """#!/bin/bash
{exports}
[ "$1" = lsp ] || exec {real} "$@"
echo $$ >> {folder}/processes
exec {tapped} "$@"
"""
INLINE = "textDocument/inlineCompletion"


class Program(Wire):
    """``path`` is what the editor starts. The real program is the one under test unless another is given."""

    def __init__(self, folder: Path, environment: Mapping[str, str], real: Path | None = None) -> None:
        folder.mkdir()
        super().__init__(folder / "messages")
        self.path = folder / "fimble"
        self._processes = folder / "processes"
        program = str(real or fimble())
        parts = {
            "exports": "\n".join(
                f"export {name}={shlex.quote(value)}" for name, value in environment.items()
            ),
            "real": shlex.quote(program),
            "folder": shlex.quote(str(folder)),
            "tapped": shlex.join(self.command(program)),
        }
        self.path.write_text(SCRIPT.format(**parts))
        self.path.chmod(0o755)

    @property
    def server(self) -> int:
        """The process of the server that was started last; 0 before there is one."""
        if not self._processes.exists():
            return 0
        tap = self._processes.read_text().split()[-1]
        children = Path(f"/proc/{tap}/task/{tap}/children")
        found = children.read_text().split() if children.exists() else []
        return int(found[0]) if found else 0

    @property
    def ready(self) -> bool:
        """Has the server that was started last said that it is ready?"""
        lines = self.log.read_text("utf-8").split("\n")[:-1] if self.log.exists() else []
        running, said = False, ""
        for message in (json.loads(line)["message"] for line in lines):
            if message.get("method") in ("initialize", "shutdown"):
                running, said = message["method"] == "initialize", ""
            elif message.get("method") == "fimble/status":
                said = message["params"]["kind"]
        return running and said == "ready"

    @property
    def starts(self) -> int:
        """How often the editor has begun to talk to a server."""
        return len(self.sent("initialize"))

    @property
    def options(self) -> dict[str, Any]:
        """The options that the editor sent last, at the start or later."""
        for message in reversed(self.messages("editor")):
            if message.get("method") == "workspace/didChangeConfiguration":
                return dict(message["params"]["settings"]["fimble"])
            if message.get("method") == "initialize":
                return dict(message["params"]["initializationOptions"])
        return {}

    @property
    def folders(self) -> list[str]:
        """Addresses of the workspace's folders, as the editor told them at the last start and later."""
        found: list[str] = []
        for message in self.messages("editor"):
            if message.get("method") == "initialize":
                found = [each["uri"] for each in message["params"]["workspaceFolders"]]
            elif message.get("method") == "workspace/didChangeWorkspaceFolders":
                event = message["params"]["event"]
                gone = [each["uri"] for each in event["removed"]]
                found = [uri for uri in found if uri not in gone] + [each["uri"] for each in event["added"]]
        return found

    @property
    def suggested(self) -> str:
        """The first suggestion of the last answer; empty when there is none."""
        answers = self.answers(INLINE)
        result = (answers[-1] or {}).get("result") if answers else None
        return str(result["items"][0]["insertText"]) if result and result["items"] else ""

    @property
    def asked(self) -> int:
        """How often the editor has asked for suggestions."""
        return len(self.sent(INLINE))


def always(answer: str, **more: object) -> dict[str, str]:
    """The environment of a server whose model says the same every time."""
    options = {"answer": answer, **more}
    return {"FIMBLE_MODEL": "fake", "FIMBLE_ISOLATION": "thread", "FIMBLE_FAKE": json.dumps(options)}

"""A small editor without a screen: types into a file and asks the real language server.

The demo and the benchmarks drive ``fimble lsp`` with it over standard streams.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.client import LanguageClient

SERVER = (sys.executable, "-P", "-m", "fimble.cli.main", "lsp")


@dataclass(frozen=True, slots=True)
class Answer:
    """The suggestion after a key, and how long it took from the change to the answer."""

    text: str
    milliseconds: float
    command: types.Command | None = None


class Driver:
    """One file in one server. Positions are UTF-16, as in most editors."""

    def __init__(self, root: Path, options: dict[str, Any] | None = None) -> None:
        self._client = LanguageClient("fimble-driver", "1")
        self._root, self._options = root, options or {}
        self.messages: list[str] = []
        self._client.feature(types.WINDOW_SHOW_MESSAGE)(lambda params: self.messages.append(params.message))
        self._client.feature("fimble/status")(lambda params: self._heard(params))
        self._project = asyncio.Queue[str]()
        self._uri, self._version, self._text, self._at = "", 0, "", 0

    async def start(self, command: Sequence[str] = SERVER) -> None:
        """Start the server and wait for its answer to ``initialize``."""
        await self._client.start_io(command[0], *command[1:])
        inline = types.TextDocumentClientCapabilities(
            inline_completion=types.InlineCompletionClientCapabilities()
        )
        await self._client.initialize_async(
            types.InitializeParams(
                capabilities=types.ClientCapabilities(text_document=inline),
                root_uri=self._root.as_uri(),
                initialization_options=self._options,
            )
        )
        self._client.initialized(types.InitializedParams())

    async def project_is_read(self) -> str:
        """Return what the server says of the workspace, once it is remembered or cannot be."""
        while not (said := await self._project.get()) or said.endswith(" is being read"):
            pass
        return said

    def open(self, path: Path, language: str, text: str, at: int) -> None:
        """Open ``text`` under the name ``path`` with the cursor at character ``at``."""
        self._uri, self._version, self._text, self._at = path.as_uri(), 1, text, at
        item = types.TextDocumentItem(self._uri, language, 1, text)
        self._client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def type(self, text: str) -> None:
        """Type at the cursor."""
        here = self._position()
        self._text = self._text[: self._at] + text + self._text[self._at :]
        self._at += len(text)
        self._version += 1
        change = types.TextDocumentContentChangePartial(range=types.Range(here, here), text=text)
        identifier = types.VersionedTextDocumentIdentifier(version=self._version, uri=self._uri)
        self._client.text_document_did_change(types.DidChangeTextDocumentParams(identifier, [change]))

    async def ask(self) -> Answer:
        """Ask for a suggestion at the cursor."""
        began = time.perf_counter()
        kind = types.InlineCompletionTriggerKind.Automatic
        found = await self._client.text_document_inline_completion_async(
            types.InlineCompletionParams(
                context=types.InlineCompletionContext(kind),
                text_document=types.TextDocumentIdentifier(self._uri),
                position=self._position(),
            )
        )
        milliseconds = (time.perf_counter() - began) * 1000
        items = found.items if isinstance(found, types.InlineCompletionList) else found or []
        if not items:
            return Answer("", milliseconds)
        return Answer(str(items[0].insert_text), milliseconds, items[0].command)

    async def accept(self, answer: Answer) -> None:
        """Insert a suggestion and tell the server."""
        self.type(answer.text)
        if answer.command is not None:
            params = types.ExecuteCommandParams(answer.command.command, answer.command.arguments)
            await self._client.workspace_execute_command_async(params)

    def show(self, answer: Answer) -> None:
        """Tell the server that a suggestion is on the screen."""
        self._notify("textDocument/didShowCompletion", {"item": _item(answer)})

    def accept_part(self, answer: Answer, length: int) -> None:
        """Insert the first ``length`` characters of a suggestion and tell the server."""
        units = len(answer.text[:length].encode("utf-16-le")) // 2
        self._notify(
            "textDocument/didPartiallyAcceptCompletion", {"item": _item(answer), "acceptedLength": units}
        )
        self.type(answer.text[:length])

    def close(self, path: Path) -> None:
        """Close a file that was opened."""
        identifier = types.TextDocumentIdentifier(path.as_uri())
        self._client.text_document_did_close(types.DidCloseTextDocumentParams(identifier))

    @property
    def text(self) -> str:
        """The file as it is now."""
        return self._text

    async def stats(self) -> dict[str, int]:
        """The session's counters."""
        params = types.ExecuteCommandParams("fimble.stats")
        found = await self._client.workspace_execute_command_async(params)
        return dict(found) if isinstance(found, dict) else dict(vars(found))

    async def stop(self) -> None:
        await self._client.shutdown_async(None)
        self._client.exit(None)
        await asyncio.wait_for(self._client.stop(), 10)  # type: ignore[no-untyped-call]

    def _heard(self, status: object) -> None:
        self._project.put_nowait(getattr(status, "project", ""))

    def _notify(self, method: str, params: dict[str, Any]) -> None:
        self._client.protocol.notify(method, params)

    def _position(self) -> types.Position:
        before = self._text[: self._at]
        line_start = before.rfind("\n") + 1
        column = len(before[line_start:].encode("utf-16-le")) // 2
        return types.Position(before.count("\n"), column)


def _item(answer: Answer) -> dict[str, Any]:
    """A suggestion as clients name it: by its command."""
    arguments = answer.command.arguments if answer.command else None
    return {"insertText": answer.text, "command": {"arguments": arguments or []}}

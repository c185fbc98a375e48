"""The real language server in a process of its own, spoken to over standard streams by pytest-lsp."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities, make_test_lsp_client

COMMAND = [sys.executable, "-P", "-m", "fimble.cli.main", "lsp"]
ANSWER = "compute(1, 2)"


class Editor:
    """A file in an editor: text, cursor, and what the server says to it."""

    def __init__(self, client: LanguageClient, folder: Path) -> None:
        self.client, self.folder = client, folder
        self.uri, self.version, self.text, self.at = "", 0, "", 0
        self.statuses: list[dict[str, Any]] = []
        self.running = True

        @client.feature("fimble/status")
        def note_status(params: Any) -> None:
            self.statuses.append(params._asdict())

    async def start(self, options: Any = None, inline: bool = True) -> None:
        capabilities = client_capabilities("neovim@0.10")
        assert capabilities.text_document is not None
        if inline:
            capabilities.text_document.inline_completion = types.InlineCompletionClientCapabilities()
        assert capabilities.workspace is not None
        capabilities.workspace.configuration = False
        self.initialized = await self.client.initialize_session(
            types.InitializeParams(
                capabilities=capabilities,
                initialization_options=options,
                workspace_folders=[types.WorkspaceFolder(self.folder.as_uri(), "w")],
            )
        )

    def open(self, around: str, name: str = "a.py", language: str = "python") -> None:
        """Open a file; the cursor is where ``▮`` stands."""
        prefix, _, suffix = around.partition("▮")
        self.uri, self.version = (self.folder / name).as_uri(), 1
        self.text, self.at = prefix + suffix, len(prefix)
        item = types.TextDocumentItem(self.uri, language, 1, self.text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def type(self, text: str, delete: int = 0) -> None:
        """Replace ``delete`` characters before the cursor by ``text``."""
        start, end = self._position(self.at - delete), self._position(self.at)
        self.text = self.text[: self.at - delete] + text + self.text[self.at :]
        self.at += len(text) - delete
        self.version += 1
        change = types.TextDocumentContentChangePartial(range=types.Range(start, end), text=text)
        identifier = types.VersionedTextDocumentIdentifier(version=self.version, uri=self.uri)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(identifier, [change]))

    async def ask(self, invoked: bool = False) -> list[types.InlineCompletionItem]:
        kinds = types.InlineCompletionTriggerKind
        found = await self.client.text_document_inline_completion_async(
            types.InlineCompletionParams(
                context=types.InlineCompletionContext(kinds.Invoked if invoked else kinds.Automatic),
                text_document=types.TextDocumentIdentifier(self.uri),
                position=self._position(self.at),
            )
        )
        return list(found.items if isinstance(found, types.InlineCompletionList) else found or [])

    async def texts(self, invoked: bool = False) -> list[str]:
        return [str(item.insert_text) for item in await self.ask(invoked)]

    async def menu(self) -> list[types.CompletionItem]:
        where = types.CompletionParams(types.TextDocumentIdentifier(self.uri), self._position(self.at))
        found = await self.client.text_document_completion_async(where)
        assert isinstance(found, types.CompletionList)
        assert found.is_incomplete
        return list(found.items)

    async def command(self, name: str, *arguments: Any) -> Any:
        params = types.ExecuteCommandParams(name, list(arguments))
        return await self.client.workspace_execute_command_async(params)

    async def stats(self) -> dict[str, int]:
        found = await self.command("fimble.stats")
        return dict(found) if isinstance(found, dict) else dict(found._asdict())

    async def stop(self) -> None:
        """End the server in the proper way, unless it has ended."""
        if self.running:
            self.running = False
            await self.client.shutdown_session()
            await self.client.stop()

    def kill(self) -> None:
        """End the server in the improper way."""
        self.running = False
        process = self.client._server
        assert process is not None
        process.kill()

    def shown(self) -> list[str]:
        """Messages that the user saw."""
        return [message.message for message in self.client.messages]

    def _position(self, at: int) -> types.Position:
        before = self.text[:at]
        column = before[before.rfind("\n") + 1 :].encode("utf-16-le", "surrogatepass")
        return types.Position(before.count("\n"), len(column) // 2)


Start = Callable[..., Awaitable[Editor]]


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment of its own: no settings of the person who runs the tests, no statistics for them."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FIMBLE_")}
    folders = {name: str(tmp_path / "home") for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
    return {**kept, **folders, "FIMBLE_ENGINE": "local"}


@pytest.fixture
async def start(tmp_path: Path, home: dict[str, str]) -> AsyncIterator[Start]:
    """Starts servers: ``await start(options, fake={...})``; without ``fake`` with the bundled model."""
    editors: list[Editor] = []

    async def begin(
        options: Any = None, fake: dict[str, Any] | None = None, inline: bool = True, **extra: str
    ) -> Editor:
        environment = {**home, **extra}
        if fake is not None:
            environment |= {"FIMBLE_MODEL": "fake", "FIMBLE_FAKE": json.dumps({"answer": ANSWER, **fake})}
        config = ClientServerConfig(COMMAND, client_factory=make_test_lsp_client, server_env=environment)
        client = await config.start()
        assert isinstance(client, LanguageClient)
        editor = Editor(client, tmp_path)
        editors.append(editor)
        await editor.start(options, inline)
        return editor

    yield begin
    for editor in editors:
        await editor.stop()

"""Wires the language server: which message goes to which handler.

Handlers are imported when the first message after ``initialize`` comes: they bring the engine's modules,
and an editor's start waits for the answer to ``initialize``.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

import msgspec

from fimble.engine.version import VERSION

from . import messages, names
from .capabilities import ClientCapabilities, server_capabilities
from .frames import TooLong
from .limits import MESSAGE_BYTES
from .protocol import EXIT, INITIALIZE, METHOD_NOT_FOUND, Connection, Method, RpcError, invalid_params

if TYPE_CHECKING:
    from .engine_life import MakeEngine
    from .session import Session

log = logging.getLogger(__name__)


class FimbleServer:
    """The server of one editor; ``make_engine`` replaces the engine's own."""

    def __init__(self, make_engine: MakeEngine | None = None) -> None:
        self.connection = Connection(self._requests(), self._notifications())
        self.client = ClientCapabilities()
        self.menu = False
        self.folders: list[str] = []
        self.sent_options: dict[str, Any] = {}
        self.exit_code: int | None = None
        """Set when the client says ``exit``: 0 if it asked for the shutdown first."""
        self._make_engine = make_engine
        self._session: Session | None = None

    @property
    def session(self) -> Session:
        """Made when the first message after ``initialize`` comes, inside the running event loop."""
        if self._session is None:
            from .session import Session

            self._session = Session.of(self.connection, self.client, self._make_engine)
            self._session.set_folders(self.folders)
        return self._session

    def receive(self, frame: bytes | TooLong) -> None:
        """Handle one message of the editor."""
        if isinstance(frame, bytes):
            self.connection.receive(frame)
        elif self._session is not None:
            self._session.forget_all()
            self._session.notices.once(
                f"A message of {frame.size // 2**20:,} MB was not read; {MESSAGE_BYTES // 2**20} MB are the "
                "most. Files that are open get suggestions again when they are opened anew."
            )

    async def close(self) -> None:
        """End everything that was begun for this editor."""
        if self._session is not None:
            await self._session.close()

    def _requests(self) -> dict[str, Method]:
        return {
            INITIALIZE: Method(messages.InitializeParams, self._initialize),
            "shutdown": Method(Any, self._shutdown),
            "textDocument/inlineCompletion": Method(messages.InlineCompletionParams, self._inline_completion),
            "textDocument/completion": Method(messages.CompletionParams, self._completion),
            "workspace/executeCommand": Method(messages.ExecuteCommandParams, self._command),
        }

    def _notifications(self) -> dict[str, Method]:
        return {
            "initialized": Method(Any, self._initialized),
            EXIT: Method(Any, self._exit),
            "workspace/didChangeConfiguration": Method(
                messages.DidChangeConfigurationParams, self._configuration
            ),
            "workspace/didChangeWorkspaceFolders": Method(
                messages.DidChangeWorkspaceFoldersParams, self._folders_changed
            ),
            "textDocument/didOpen": Method(messages.DidOpenParams, self._did_open),
            "textDocument/didChange": Method(messages.DidChangeParams, self._did_change),
            "textDocument/didClose": Method(messages.DidCloseParams, self._did_close),
            names.DID_FOCUS: Method(Any, self._did_focus),
            names.DID_SHOW: Method(Any, self._did_show),
            names.DID_PARTIALLY_ACCEPT: Method(Any, self._did_partially_accept),
        }

    # the connection's life

    def _initialize(self, params: messages.InitializeParams) -> dict[str, Any]:
        self.connection.state = "initialized"
        self.client = ClientCapabilities.of(params.capabilities)
        folders = [folder.uri for folder in params.workspace_folders or []]
        self.folders = folders or ([params.root_uri] if params.root_uri else [])
        sent = params.initialization_options
        self.sent_options = dict(sent) if isinstance(sent, dict) else {}
        wanted = self.sent_options.get("completion", "auto")
        self.menu = wanted == "always" or (wanted != "never" and not self.client.inline_completion)
        return {
            "capabilities": server_capabilities(self.client.encoding, self.menu),
            "serverInfo": {"name": "fimble", "version": VERSION},
        }

    async def _initialized(self, params: object) -> None:
        await self._configure()

    async def _configuration(self, params: messages.DidChangeConfigurationParams) -> None:
        await self._configure(params)

    async def _configure(self, change: messages.DidChangeConfigurationParams | None = None) -> None:
        from .requests.configuration import configure

        await configure(self.connection, self.session, self.sent_options, self.client, change)

    def _folders_changed(self, params: messages.DidChangeWorkspaceFoldersParams) -> None:
        removed = [folder.uri for folder in params.event.removed]
        added = [folder.uri for folder in params.event.added]
        self.folders = [uri for uri in self.folders if uri not in (*removed, *added)] + added
        self.session.set_folders(self.folders)

    def _shutdown(self, params: object) -> Awaitable[None]:
        self.connection.state = "shut down"
        self.connection.cancel_all()
        return self.close()

    def _exit(self, params: object) -> None:
        self.exit_code = 0 if self.connection.state == "shut down" else 1

    # documents

    def _did_open(self, params: messages.DidOpenParams) -> None:
        from .requests.did_open import did_open

        did_open(self.session, params)

    def _did_change(self, params: messages.DidChangeParams) -> None:
        from .requests.did_change import did_change

        did_change(self.session, params)

    def _did_close(self, params: messages.DidCloseParams) -> None:
        self.session.forget(params.text_document.uri)

    def _did_focus(self, params: object) -> None:
        from .requests.did_focus import did_focus

        did_focus(self.session, params)

    # suggestions

    async def _inline_completion(
        self, params: messages.InlineCompletionParams
    ) -> messages.InlineCompletionList:
        from .requests.inline_completion import inline_completion

        return await inline_completion(self.session, params)

    def _completion(self, params: messages.CompletionParams) -> Awaitable[messages.CompletionList]:
        if not self.menu:
            raise RpcError(METHOD_NOT_FOUND, "Method Not Found: textDocument/completion")
        from .requests.completion import completion

        return completion(self.session, params)

    def _did_show(self, params: object) -> None:
        from .requests.acceptance import shown

        shown(self.session, params)

    def _did_partially_accept(self, params: object) -> None:
        from .requests.acceptance import partially_accepted

        partially_accepted(self.session, params)

    def _command(self, params: messages.ExecuteCommandParams) -> Awaitable[dict[str, Any]] | None:
        name, arguments = params.command, params.arguments or []
        if name == names.ACCEPTED:
            self._accepted(arguments)
            return None
        if name not in names.COMMANDS:
            raise invalid_params(f"There is no command {name[:100]!r}.")
        from .requests.commands import run_command

        return run_command(self.session, name, tuple(arguments))

    def _accepted(self, arguments: list[Any]) -> None:
        from .requests.acceptance import accepted

        try:
            (id,) = msgspec.convert(arguments, tuple[str])
        except msgspec.ValidationError as error:
            raise invalid_params(f"`{names.ACCEPTED}` takes a suggestion's id.") from error
        accepted(self.session, id)

"""Wires the language server: which message goes to which handler."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from . import names
from .capabilities import ClientCapabilities
from .positions import encoding_name
from .protocol import Protocol

if TYPE_CHECKING:
    from .session import Session


class FimbleServer(LanguageServer):
    """The server of one editor."""

    def __init__(self) -> None:
        super().__init__(
            "fimble",
            version("fimble"),
            protocol_cls=Protocol,
            text_document_sync_kind=types.TextDocumentSyncKind.Incremental,
        )
        self.client = ClientCapabilities()
        self.folders: list[str] = []
        self.sent_options: dict[str, Any] = {}
        self._session: Session | None = None

    @property
    def session(self) -> Session:
        """Made when the first message after ``initialize`` comes, inside the running event loop."""
        if self._session is None:
            encoding = encoding_name(self.protocol.workspace.position_encoding)
            self._session = _handlers().make_session(self, self.client, encoding, self.folders)
        return self._session


def make_server() -> FimbleServer:
    """A server that waits for an editor on the transport that it is started on."""
    server = FimbleServer()
    _add_lifecycle(server)
    _add_documents(server)
    _add_suggestions(server)
    for name in names.COMMANDS:
        _add_command(server, name)
    return server


def _handlers() -> Any:
    from . import handlers

    return handlers


def _add_lifecycle(server: FimbleServer) -> None:
    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        server.client = ClientCapabilities.of(params.capabilities)
        folders = [folder.uri for folder in params.workspace_folders or []]
        server.folders = folders or ([params.root_uri] if params.root_uri else [])
        sent = params.initialization_options
        server.sent_options = dict(sent) if isinstance(sent, dict) else {}
        wanted = server.sent_options.get("completion", "auto")
        if wanted == "always" or (wanted != "never" and not server.client.inline_completion):
            _add_menu(server)

    @server.feature(types.INITIALIZED)
    async def initialized(params: types.InitializedParams) -> None:
        await _handlers().configure(server, server.session, server.sent_options, server.client)

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def configured(params: types.DidChangeConfigurationParams) -> None:
        await _handlers().configure(server, server.session, server.sent_options, server.client, params)

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def folders_changed(params: types.DidChangeWorkspaceFoldersParams) -> None:
        server.session.set_folders(list(server.protocol.workspace.folders))

    @server.feature(types.SHUTDOWN)
    async def shutdown(params: None) -> None:
        await server.session.close()


def _add_documents(server: FimbleServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        _handlers().did_open(server.session, params)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeTextDocumentParams) -> None:
        _handlers().did_change(server.session, params)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        _handlers().did_close(server.session, params)

    @server.feature(names.DID_FOCUS)
    def focused(params: Any) -> None:
        _handlers().did_focus(server.session, params)


def _add_suggestions(server: FimbleServer) -> None:
    # without options pygls does not advertise the feature
    @server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())
    async def inline(params: types.InlineCompletionParams) -> types.InlineCompletionList:
        found: types.InlineCompletionList = await _handlers().inline_completion(server.session, params)
        return found

    @server.command(names.ACCEPTED)
    def accepted(suggestion_id: str) -> None:
        _handlers().accepted(server.session, suggestion_id)

    @server.feature(names.DID_SHOW)
    def shown(params: Any) -> None:
        _handlers().shown(server.session, params)

    @server.feature(names.DID_PARTIALLY_ACCEPT)
    def partially_accepted(params: Any) -> None:
        _handlers().partially_accepted(server.session, params)


def _add_menu(server: FimbleServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions())
    async def menu(params: types.CompletionParams) -> types.CompletionList:
        found: types.CompletionList = await _handlers().completion(server.session, params)
        return found


def _add_command(server: FimbleServer, name: str) -> None:
    @server.command(name)
    async def command(*arguments: Any) -> Any:
        return await _handlers().run_command(server.session, name, arguments)

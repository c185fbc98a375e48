"""Wires the language server: which message goes to which handler.

Handlers are imported when the first message after ``initialize`` comes: they bring the engine's modules,
and an editor's start waits for the answer to ``initialize``.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from fimble.engine.version import VERSION

from . import names
from .capabilities import ClientCapabilities
from .frames import TooLong
from .limits import MESSAGE_BYTES
from .positions import encoding_name
from .protocol import Protocol

if TYPE_CHECKING:
    from .engine_life import MakeEngine
    from .session import Session

log = logging.getLogger(__name__)


class FimbleServer(LanguageServer):
    """The server of one editor."""

    protocol: Protocol

    def __init__(self, make_engine: MakeEngine | None = None) -> None:
        super().__init__(
            "fimble",
            VERSION,
            protocol_cls=Protocol,
            text_document_sync_kind=types.TextDocumentSyncKind.Incremental,
        )
        self.client = ClientCapabilities()
        self.folders: list[str] = []
        self.sent_options: dict[str, Any] = {}
        self._make_engine = make_engine
        self._session: Session | None = None

    @property
    def session(self) -> Session:
        """Made when the first message after ``initialize`` comes, inside the running event loop."""
        if self._session is None:
            from .session import Session

            encoding = encoding_name(self.protocol.workspace.position_encoding)
            self._session = Session.of(self, self.client, encoding, self._make_engine)
            self._session.set_folders(self.folders)
        return self._session

    @property
    def exit_code(self) -> int | None:
        """Set when the client said ``exit``."""
        return self.protocol.exit_code

    def receive(self, frame: bytes | TooLong) -> None:
        """Handle one message of the editor."""
        if isinstance(frame, bytes):
            self.protocol.receive(frame)
        elif self._session is not None:
            self._session.forget_all()
            self._session.notices.once(
                f"A message of {frame.size // 2**20:,} MB was not read; {MESSAGE_BYTES // 2**20} MB are the "
                "most. Files that are open get suggestions again when they are opened anew."
            )

    def report_server_error(self, error: Exception, source: type[Exception]) -> None:
        """Trouble of our own making goes to the log, not into the user's face."""
        if not isinstance(error, JsonRpcException) or error.code == -32603:
            log.error("A message could not be handled", exc_info=True)

    async def close(self) -> None:
        """End everything that was begun for this editor."""
        if self._session is not None:
            await self._session.close()


def make_server(make_engine: MakeEngine | None = None) -> FimbleServer:
    """A server that waits for the messages of an editor; ``make_engine`` replaces the engine's own."""
    server = FimbleServer(make_engine)
    _add_lifecycle(server)
    _add_documents(server)
    _add_suggestions(server)
    _add_acceptance(server, names.ACCEPTED)
    for name in names.COMMANDS:
        _add_command(server, name)
    for method in names.COPILOT_REQUESTS:
        _add_copilot_request(server, method)
    for method in names.LLM_LS_REQUESTS:
        _add_llm_ls_request(server, method)
    return server


def _add_lifecycle(server: FimbleServer) -> None:
    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        server.client = ClientCapabilities.of(params.capabilities, params.initialization_options)
        folders = [folder.uri for folder in params.workspace_folders or []]
        server.folders = folders or ([params.root_uri] if params.root_uri else [])
        sent = params.initialization_options
        server.sent_options = dict(sent) if isinstance(sent, dict) else {}
        wanted = server.sent_options.get("completion", "auto")
        if wanted == "always" or (wanted != "never" and not server.client.inline_completion):
            _add_menu(server)
        if server.client.copilot:
            _add_acceptance(server, names.COPILOT_ACCEPTED)

    @server.feature(types.INITIALIZED)
    async def initialized(params: types.InitializedParams) -> None:
        from .requests.configuration import configure

        await configure(server, server.session, server.sent_options, server.client)

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def configured(params: types.DidChangeConfigurationParams) -> None:
        from .requests.configuration import configure

        await configure(server, server.session, server.sent_options, server.client, params)

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def folders_changed(params: types.DidChangeWorkspaceFoldersParams) -> None:
        session = server.session
        session.set_folders(list(server.protocol.workspace.folders))
        session.read_project(session.switches.exclusion.folders)

    @server.feature(types.SHUTDOWN)
    async def shutdown(params: None) -> None:
        await server.close()


def _add_documents(server: FimbleServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        from .requests.did_open import did_open

        did_open(server.session, params)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeTextDocumentParams) -> None:
        from .requests.did_change import did_change

        did_change(server.session, params)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        server.session.forget(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: types.DidSaveTextDocumentParams) -> None:
        from .requests.did_save import did_save

        did_save(server.session, [params.text_document.uri])

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def watched(params: types.DidChangeWatchedFilesParams) -> None:
        from .requests.did_save import did_save

        did_save(server.session, [change.uri for change in params.changes])

    @server.feature(names.DID_FOCUS)
    def focused(params: Any) -> None:
        from .requests.did_focus import did_focus

        did_focus(server.session, params)


def _add_suggestions(server: FimbleServer) -> None:
    # without options pygls does not advertise the feature
    @server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())
    async def inline(params: types.InlineCompletionParams) -> types.InlineCompletionList:
        from .requests.inline_completion import inline_completion

        return await inline_completion(server.session, params)

    @server.feature(names.DID_SHOW)
    def shown(params: Any) -> None:
        from .requests import acceptance

        acceptance.shown(server.session, params)

    @server.feature(names.DID_PARTIALLY_ACCEPT)
    def partially_accepted(params: Any) -> None:
        from .requests import acceptance

        acceptance.partially_accepted(server.session, params)


def _add_acceptance(server: FimbleServer, name: str) -> None:
    @server.command(name)
    def accepted(suggestion_id: str = "") -> None:
        from .requests import acceptance

        acceptance.accepted(server.session, suggestion_id)


def _add_menu(server: FimbleServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions())
    async def menu(params: types.CompletionParams) -> types.CompletionList:
        from .requests.completion import completion

        return await completion(server.session, params)


def _add_command(server: FimbleServer, name: str) -> None:
    @server.command(name)
    async def command(*arguments: Any) -> dict[str, Any]:
        from .requests.commands import run_command

        return await run_command(server.session, name, arguments)


def _add_copilot_request(server: FimbleServer, method: str) -> None:
    @server.feature(method)
    async def request(params: Any) -> Any:
        from .requests.copilot import answer

        return await answer(server.session, server.protocol.notify, method, params)


def _add_llm_ls_request(server: FimbleServer, method: str) -> None:
    @server.feature(method)
    async def request(params: Any) -> Any:
        from .requests.llm_ls import answer

        return await answer(server.session, method, params)

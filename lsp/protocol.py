"""pygls' protocol with changes, so that every request is answered once, whatever it holds.

It keeps no copies of documents of its own (it would split the whole text into lines at each change,
which costs milliseconds in large files). Messages that are not understood are answered with an error, and
nothing of their content is logged. Its answer to ``initialize`` tells of our extensions.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable, Generator
from concurrent.futures import Future
from typing import Any

import attrs
from lsprotocol import types
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInvalidParams,
    JsonRpcInvalidRequest,
    JsonRpcMethodNotFound,
    JsonRpcParseError,
    JsonRpcServerNotInitialized,
)
from pygls.protocol import JsonRPCResponseMessage, LanguageServerProtocol, lsp_method

from .capabilities import relevant
from .names import EXTENSION_REQUESTS, EXTENSIONS

log = logging.getLogger(__name__)
Id = str | int


@attrs.define
class Extension:
    """A notification that the standard does not have; ``params`` are JSON as it came."""

    method: str
    jsonrpc: str
    params: Any = None


@attrs.define
class ExtensionRequest:
    """A request that the standard does not have; ``params`` are JSON as it came."""

    id: Id
    method: str
    jsonrpc: str
    params: Any = None


class Protocol(LanguageServerProtocol):
    """Passes document notifications straight to the server's own handlers."""

    def __init__(self, server: Any, converter: Any) -> None:
        super().__init__(server, converter)
        self._ours: set[Id] = set()
        self.exit_code: int | None = None
        """Set when the client says ``exit``: 0 if it asked for the shutdown first."""

    def receive(self, body: bytes) -> None:
        """Handle one message."""
        try:
            data = json.loads(body)
        except (ValueError, RecursionError):
            self._refuse(None, JsonRpcParseError("The message is not JSON."))
            return
        if not isinstance(data, dict) or data.get("jsonrpc") != self.VERSION:
            self._refuse(_id_of(data), JsonRpcInvalidRequest("The message is not JSON-RPC 2.0."))
        elif "method" in data:
            self._receive_call(data)
        else:
            self._receive_response(data)

    def send_request(
        self,
        method: str,
        params: Any | None = None,
        callback: Callable[[Any], None] | None = None,
        msg_id: Id | None = None,
    ) -> Future[Any]:
        id = msg_id or str(uuid.uuid4())
        self._ours.add(id)
        return super().send_request(method, params, callback, id)

    def _receive_call(self, data: dict[str, Any]) -> None:
        """A request, which has an id, or a notification."""
        method, id, asked = data["method"], _id_of(data), "id" in data
        if not isinstance(method, str) or (asked and id is None):
            self._refuse(id, JsonRpcInvalidRequest("`method` should be text, and `id` text or an integer."))
            return
        try:
            self._refuse_by_state(method)
            message = self._structured(method, data)
        except JsonRpcException as error:
            if asked:
                self._refuse(id, error)
            return
        except Exception as error:
            log.info("%s is not understood: %s", method[:100], type(error).__name__)
            if asked:
                self._refuse(
                    id, JsonRpcInvalidParams(f"The parameters of {method[:100]} are not understood.")
                )
            return
        self.handle_message(message)

    @property
    def initialized(self) -> bool:
        """Whether the editor has introduced itself."""
        return self._workspace is not None

    def _refuse_by_state(self, method: str) -> None:
        """Raise unless a call fits the state that the connection is in."""
        if method == types.EXIT:
            return
        if self._shutdown:
            raise JsonRpcInvalidRequest("The server was shut down.")
        if (self._workspace is None) != (method == types.INITIALIZE):
            if self._workspace is None:
                raise JsonRpcServerNotInitialized("The first request should be `initialize`.")
            raise JsonRpcInvalidRequest("The server was initialized before.")

    def _structured(self, method: str, data: dict[str, Any]) -> Any:
        kind, asked = self.get_message_type(method), "id" in data
        if method == types.INITIALIZE:
            data = {**data, "params": relevant(data.get("params"))}
        if kind is not None and asked == hasattr(attrs.fields(kind), "id"):
            return self._converter.structure(data, kind)
        if asked and method in EXTENSION_REQUESTS:
            return ExtensionRequest(data["id"], method, self.VERSION, data.get("params"))
        if asked or kind is not None or method in EXTENSION_REQUESTS:
            raise JsonRpcMethodNotFound.of(method[:100])
        return Extension(method, self.VERSION, data.get("params"))

    def _receive_response(self, data: dict[str, Any]) -> None:
        """The answer to a request of ours; others are dropped."""
        id = _id_of(data)
        if id is None or id not in self._ours:
            return
        self._ours.discard(id)
        kind = self._result_types.pop(id, None) or JsonRPCResponseMessage
        try:
            message = self._converter.structure(data, types.ResponseErrorMessage if "error" in data else kind)
        except Exception:
            if (future := self._request_futures.pop(id, None)) is not None and not future.done():
                future.set_exception(JsonRpcInvalidParams("The client's answer is not understood."))
            return
        if not self._request_futures[id].done():
            self.handle_message(message)

    def _refuse(self, id: Id | None, error: JsonRpcException) -> None:
        told = {"code": error.code, "message": error.message}
        self._send_data({"jsonrpc": self.VERSION, "id": id, "error": told})

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Generator[Any, Any, types.InitializeResult]:
        result = yield from super().lsp_initialize(params)
        result.capabilities.experimental = {"fimble": EXTENSIONS}
        return result

    @lsp_method(types.SHUTDOWN)
    def lsp_shutdown(self, *args: Any) -> Generator[Any, Any, None]:
        """What still runs is answered as cancelled."""
        self._shutdown, current = True, self.msg_id
        for id, future in list(self._request_futures.items()):
            if id != current:
                future.cancel()
        yield self.fm.features[types.SHUTDOWN], args, None

    @lsp_method(types.EXIT)
    def lsp_exit(self, *args: Any) -> Generator[Any, Any, None]:
        self.exit_code = 0 if self._shutdown else 1
        yield from ()

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(
        self, params: types.DidOpenTextDocumentParams
    ) -> Generator[Any, Any, None]:
        yield self.fm.features[types.TEXT_DOCUMENT_DID_OPEN], (params,), None

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(
        self, params: types.DidChangeTextDocumentParams
    ) -> Generator[Any, Any, None]:
        yield self.fm.features[types.TEXT_DOCUMENT_DID_CHANGE], (params,), None

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(
        self, params: types.DidCloseTextDocumentParams
    ) -> Generator[Any, Any, None]:
        yield self.fm.features[types.TEXT_DOCUMENT_DID_CLOSE], (params,), None

    def lsp_notebook_document__did_open(self, params: Any) -> None:
        """Not kept, and so not announced: their cells are opened as documents."""

    def lsp_notebook_document__did_change(self, params: Any) -> None:
        """As above."""

    def lsp_notebook_document__did_close(self, params: Any) -> None:
        """As above."""


def _id_of(data: object) -> Id | None:
    """A message's id; None for one that no request can have."""
    id = data.get("id") if isinstance(data, dict) else None
    return id if isinstance(id, int | str) and not isinstance(id, bool) else None

"""JSON-RPC 2.0 with one editor: every request is answered once, whatever it holds.

Messages that are not understood are answered with an error, and nothing of their content is logged.
"""

from __future__ import annotations

import asyncio
import inspect
import itertools
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, Protocol

import msgspec

from .messages import CancelParams

log = logging.getLogger(__name__)
Id = str | int
VERSION = "2.0"
CANCEL, INITIALIZE, EXIT = "$/cancelRequest", "initialize", "exit"
NAME_CHARACTERS = 100
"""As much of a method's name is repeated."""

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS = -32700, -32600, -32601, -32602
INTERNAL_ERROR, NOT_INITIALIZED, CANCELLED = -32603, -32002, -32800


class RpcError(Exception):
    """An error that the other end is told, or has told us, with its code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def invalid_params(message: str) -> RpcError:
    return RpcError(INVALID_PARAMS, message)


class Writer(Protocol):
    """Where messages to the editor go. It never raises: an editor that is gone is noticed by its silence."""

    def write(self, data: bytes) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Method:
    """``handle`` is called with parameters of the type ``params``, in the order in which messages come; a
    coroutine that it returns runs beside those of others."""

    params: Any
    handle: Callable[[Any], Awaitable[Any] | Any]


class Connection:
    """``requests`` and ``notifications`` are the methods that are known, by name."""

    def __init__(self, requests: Mapping[str, Method], notifications: Mapping[str, Method]) -> None:
        self._requests = requests
        self._notifications = {**notifications, CANCEL: Method(CancelParams, self._cancel)}
        self.state: Literal["new", "initialized", "shut down"] = "new"
        self._writer: Writer | None = None
        self._running: dict[Id, asyncio.Future[Any]] = {}
        self._notified: set[asyncio.Future[Any]] = set()
        self._asked: dict[Id, asyncio.Future[Any]] = {}
        self._ids = itertools.count(1)

    def set_writer(self, writer: Writer) -> None:
        self._writer = writer

    def receive(self, body: bytes) -> None:
        """Handle one message."""
        try:
            data = json.loads(body)
        except (ValueError, RecursionError):
            self._refuse(None, RpcError(PARSE_ERROR, "The message is not JSON."))
            return
        if not isinstance(data, dict) or data.get("jsonrpc") != VERSION:
            self._refuse(_id_of(data), RpcError(INVALID_REQUEST, "The message is not JSON-RPC 2.0."))
        elif "method" not in data:
            self._receive_response(data)
        elif not isinstance(data["method"], str) or ("id" in data and _id_of(data) is None):
            wrong = RpcError(INVALID_REQUEST, "`method` should be text, and `id` text or an integer.")
            self._refuse(_id_of(data), wrong)
        elif "id" in data:
            self._receive_request(_id_of(data), data["method"], data.get("params"))
        else:
            self._receive_notification(data["method"], data.get("params"))

    def notify(self, method: str, params: object) -> None:
        """Tell the editor."""
        self._send({"method": method, "params": params})

    async def request(self, method: str, params: object) -> Any:
        """What the editor answers, as JSON; :class:`RpcError` when that is an error."""
        id = f"fimble-{next(self._ids)}"
        answer = self._asked[id] = asyncio.get_running_loop().create_future()
        self._send({"id": id, "method": method, "params": params})
        try:
            return await answer
        finally:
            del self._asked[id]

    def cancel_all(self) -> None:
        """What still runs is answered as cancelled."""
        for each in [*self._running.values(), *self._notified]:
            each.cancel()

    def _receive_request(self, id: Any, method: str, params: object) -> None:
        try:
            result = self._call(self._requests, method, params)
        except Exception as error:
            self._refuse(id, error)
            return
        if not inspect.isawaitable(result):
            self._send({"id": id, "result": result})
            return
        self._running[id] = running = asyncio.ensure_future(result)
        running.add_done_callback(partial(self._answer, id))

    def _receive_notification(self, method: str, params: object) -> None:
        try:
            result = self._call(self._notifications, method, params)
        except RpcError:
            return
        except Exception as error:
            _report(error)
            return
        if inspect.isawaitable(result):
            running = asyncio.ensure_future(result)
            self._notified.add(running)
            running.add_done_callback(self._end)

    def _call(self, known: Mapping[str, Method], name: str, params: object) -> Any:
        """What the method's handler returns; :class:`RpcError` when there is nothing to be called."""
        self._check_state(name)
        method = known.get(name)
        if method is None:
            raise RpcError(METHOD_NOT_FOUND, f"Method Not Found: {name[:NAME_CHARACTERS]}")
        try:
            understood = msgspec.convert(params, method.params)
        except (msgspec.ValidationError, RecursionError) as error:
            log.info("%s is not understood: %s", name[:NAME_CHARACTERS], type(error).__name__)
            raise invalid_params(f"The parameters of {name[:NAME_CHARACTERS]} are not understood.") from error
        return method.handle(understood)

    def _check_state(self, method: str) -> None:
        """Raise unless a call fits the state that the connection is in."""
        if method == EXIT:
            return
        if self.state == "shut down":
            raise RpcError(INVALID_REQUEST, "The server was shut down.")
        if self.state == "new" and method != INITIALIZE:
            raise RpcError(NOT_INITIALIZED, "The first request should be `initialize`.")
        if self.state == "initialized" and method == INITIALIZE:
            raise RpcError(INVALID_REQUEST, "The server was initialized before.")

    def _answer(self, id: Id, ended: asyncio.Future[Any]) -> None:
        if self._running.get(id) is ended:
            del self._running[id]
        if ended.cancelled():
            self._refuse(id, RpcError(CANCELLED, "The request was cancelled."))
        elif (error := ended.exception()) is not None:
            self._refuse(id, error)
        else:
            self._send({"id": id, "result": ended.result()})

    def _end(self, ended: asyncio.Future[Any]) -> None:
        self._notified.discard(ended)
        if not ended.cancelled() and (error := ended.exception()) is not None:
            _report(error)

    def _cancel(self, params: CancelParams) -> None:
        running = self._running.get(params.id)
        if running is not None:
            running.cancel()

    def _receive_response(self, data: dict[str, Any]) -> None:
        """The answer to a request of ours; others are dropped."""
        answer = self._asked.get(_id_of(data) or "")
        if answer is None or answer.done():
            return
        if "error" in data:
            answer.set_exception(RpcError(INTERNAL_ERROR, "The editor answered with an error."))
        else:
            answer.set_result(data.get("result"))

    def _refuse(self, id: Id | None, error: BaseException) -> None:
        """Answer with an error; one of our own making goes to the log, not into the user's face."""
        if not isinstance(error, RpcError):
            _report(error)
            error = RpcError(INTERNAL_ERROR, "fimble failed at this; its log says how.")
        self._send({"id": id, "error": {"code": error.code, "message": error.message}})

    def _send(self, message: dict[str, Any]) -> None:
        if self._writer is None:
            return
        # not msgspec's JSON, which has no lone surrogates; texts in an editor may
        body = json.dumps(msgspec.to_builtins({"jsonrpc": VERSION, **message})).encode("ascii")
        self._writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))


def _report(error: BaseException) -> None:
    log.error("A message could not be handled", exc_info=error)


def _id_of(data: object) -> Id | None:
    """A message's id; None for one that no request can have."""
    id = data.get("id") if isinstance(data, dict) else None
    return id if isinstance(id, int | str) and not isinstance(id, bool) else None

"""Requests of Copilot's language server, so that its clients can start this server instead.

There is no account here: whoever asks is signed in. Suggestions come by ``textDocument/inlineCompletion`` as
for everybody; clients that ask in the older way are answered by :mod:`.copilot_agent`.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from fimble.engine.version import VERSION

from ..keystroke import Wish, suggest
from ..limits import ARGUMENT_CHARACTERS
from ..session import Session
from . import copilot_agent
from .fields import field_at, wanted_place, wanted_text
from .inline_completion import items_of

Notify = Callable[[str, Any], None]
Request = Callable[[Session, Notify, Any], Awaitable[Any] | Any]
USER = "fimble"


async def panel(session: Session, notify: Notify, params: object) -> dict[str, Any]:
    """``{textDocument, position, partialResultToken?}``: several suggestions to choose from. With a token
    they are all in one report, and the answer itself is empty."""
    token = _token(params)
    place = wanted_place(params, "position")
    wish = Wish(wanted_text(params, "textDocument", "uri"), place, invoked=True)
    items = items_of(await suggest(session, wish))
    if token is None:
        return {"items": items}
    notify(types.PROGRESS, types.ProgressParams(token, {"items": items}))
    return {"items": []}


def _token(params: object) -> str | int | None:
    token = field_at(params, "partialResultToken")
    text = isinstance(token, str) and len(token) <= ARGUMENT_CHARACTERS
    if token is None or text or (isinstance(token, int) and not isinstance(token, bool)):
        return token  # type: ignore[return-value]
    raise JsonRpcInvalidParams("`partialResultToken` should be an integer or short text.")


def _always(answer: object) -> Request:
    """Answer the same, whatever is asked."""
    return lambda session, notify, params: answer


_SIGNED_IN = {"status": "AlreadySignedIn", "user": USER}
_ALLOWED = {"status": "OK", "user": USER}
_REQUESTS: dict[str, Request] = {
    "signIn": _always(_SIGNED_IN),
    "signInInitiate": _always(_SIGNED_IN),
    "signInConfirm": _always(_ALLOWED),
    "signOut": _always({"status": "NotSignedIn"}),
    "checkStatus": _always(_ALLOWED),
    "recordTelemetryConsent": _always("OK"),
    "setEditorInfo": _always("OK"),
    "getVersion": _always({"version": VERSION}),
    "telemetry/exception": _always("OK"),  # it is not kept
    "textDocument/copilotPanelCompletion": panel,
    "textDocument/copilotInlineEdit": _always({"edits": []}),
    **copilot_agent.REQUESTS,
}


async def answer(session: Session, notify: Notify, method: str, params: object) -> Any:
    """Answer a request by its method."""
    made = _REQUESTS[method](session, notify, params)
    return await made if inspect.isawaitable(made) else made

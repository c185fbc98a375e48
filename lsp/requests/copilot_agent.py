"""The older requests of Copilot's server, which some of its clients (copilot.lua, copilot.el) still send.

A suggestion is told as what its whole line becomes, with the range of that line as it is, since these clients
put it in the place of the line or of all that is behind the cursor.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pygls.exceptions import JsonRpcInvalidParams

from ..keystroke import Offer, Wish, suggest
from ..positions import Place, units
from ..session import Session
from ..suggestions import Suggestion
from .acceptance import accepted, accepted_in_part
from .fields import field_at, to_position, wanted_number, wanted_place, wanted_text

Notify = Callable[[str, Any], None]


async def get_completions(session: Session, notify: Notify, params: object) -> dict[str, Any]:
    """``{doc: {uri, position, version?}}``: what is suggested there."""
    return await _completions(session, params, invoked=False)


async def get_completions_cycling(session: Session, notify: Notify, params: object) -> dict[str, Any]:
    """The same, asked by hand: several to choose from."""
    return await _completions(session, params, invoked=True)


async def get_panel_completions(session: Session, notify: Notify, params: object) -> dict[str, Any]:
    """``{doc, panelId}``: several to choose from, each in a notification; the answer says how many."""
    panel, wish = wanted_text(params, "panelId"), _wish(params, invoked=True)
    offer = await suggest(session, wish)
    solutions = _solutions(offer) if offer is not None else []
    for solution in solutions:
        notify("PanelSolution", {"panelId": panel, **solution})
    notify("PanelSolutionsDone", {"panelId": panel, "status": "OK"})
    return {"solutionCountTarget": len(solutions)}


def notify_shown(session: Session, notify: Notify, params: object) -> str:
    """``{uuid}``"""
    session.statistics.shown(wanted_text(params, "uuid"))
    return "OK"


def notify_accepted(session: Session, notify: Notify, params: object) -> str:
    """``{uuid, acceptedLength?}``: all of it was taken, or so many UTF-16 units of what its line becomes."""
    id = wanted_text(params, "uuid")
    offered = session.memory.offered(id)
    if offered is None:
        return "OK"
    if field_at(params, "acceptedLength") is not None:
        taken = wanted_number(params, "acceptedLength") - _units_ahead(session, offered)
        if taken < units(offered.text, "utf-16"):
            accepted_in_part(session, id, taken)
            return "OK"
    accepted(session, id)
    return "OK"


def notify_rejected(session: Session, notify: Notify, params: object) -> str:
    """``{uuids}``: they are not shown any more. Clients say so too when one was taken, or is typed along; the
    text tells later what became of them."""
    uuids = field_at(params, "uuids")
    if not isinstance(uuids, list):
        raise JsonRpcInvalidParams("`uuids` should be a list.")
    for number in range(len(uuids)):
        session.statistics.shown(wanted_text(params, "uuids", number))
    return "OK"


REQUESTS = {
    "getCompletions": get_completions,
    "getCompletionsCycling": get_completions_cycling,
    "getPanelCompletions": get_panel_completions,
    "notifyShown": notify_shown,
    "notifyAccepted": notify_accepted,
    "notifyRejected": notify_rejected,
}


def _wish(params: object, invoked: bool) -> Wish:
    return Wish(wanted_text(params, "doc", "uri"), wanted_place(params, "doc", "position"), invoked)


async def _completions(session: Session, params: object, invoked: bool) -> dict[str, Any]:
    version = field_at(params, "doc", "version")
    offer = await suggest(session, _wish(params, invoked))
    if offer is None:
        return {"completions": []}
    told = version if isinstance(version, int) else 0
    return {"completions": [_completion(session, each, offer, told) for each in offer.suggestions]}


def _completion(session: Session, suggestion: Suggestion, offer: Offer, version: int) -> dict[str, Any]:
    at = offer.snapshot.start
    before, after = offer.snapshot.line
    start = Place(at.line, at.column - units(before, session.encoding))
    end = Place(at.line, at.column + units(after, session.encoding))
    return {
        "uuid": suggestion.id,
        "text": before + suggestion.text + after,
        "displayText": suggestion.text + after,
        "range": {"start": to_position(start), "end": to_position(end)},
        "position": to_position(at),
        "docVersion": version,
    }


def _solutions(offer: Offer) -> list[dict[str, Any]]:
    """The best has the highest score. A panel inserts at the cursor."""
    at = to_position(offer.snapshot.start)
    return [
        {
            "solutionId": each.id,
            "score": 1 / rank,
            "range": {"start": at, "end": at},
            "completionText": each.text,
            "displayText": each.text,
        }
        for rank, each in enumerate(offer.suggestions, 1)
    ]


def _units_ahead(session: Session, offered: Suggestion) -> int:
    """How many UTF-16 units its line has before it."""
    document = session.documents.get(offered.uri)
    if document is None:
        return 0
    before, _ = document.snapshot(document.place(offered.before)).line
    return units(before, "utf-16")

"""``textDocument/inlineCompletion``: ghost text at the cursor (LSP 3.18)."""

from __future__ import annotations

from lsprotocol import types

from ..keystroke import Offer, Selected, Wish, suggest
from ..names import ACCEPTED
from ..positions import Place
from ..session import Session
from ..suggestions import Suggestion


async def inline_completion(
    session: Session, params: types.InlineCompletionParams
) -> types.InlineCompletionList:
    return types.InlineCompletionList(items=items_of(await suggest(session, wish_of(params))))


def items_of(offer: Offer | None) -> list[types.InlineCompletionItem]:
    return [] if offer is None else [_item(suggestion, offer) for suggestion in offer.suggestions]


def wish_of(params: types.InlineCompletionParams) -> Wish:
    context = params.context
    return Wish(
        params.text_document.uri,
        _place(params.position),
        invoked=context.trigger_kind == types.InlineCompletionTriggerKind.Invoked,
        selected=None
        if (info := context.selected_completion_info) is None
        else Selected(_place(info.range.start), _place(info.range.end), info.text),
    )


def _item(suggestion: Suggestion, offer: Offer) -> types.InlineCompletionItem:
    """An insertion at the cursor: an empty range is drawn inline by every client. Where the menu has an
    item selected, the text begins with that item's and replaces what the item would replace: anything
    else would fight the menu."""
    start, end = offer.snapshot.start, offer.snapshot.end
    return types.InlineCompletionItem(
        insert_text=offer.snapshot.inserted + suggestion.text,
        range=types.Range(_position(start), _position(end)),
        command=types.Command("Accepted", ACCEPTED, arguments=[suggestion.id]),
    )


def _place(position: types.Position) -> Place:
    return Place(position.line, position.character)


def _position(place: Place) -> types.Position:
    return types.Position(place.line, place.column)

"""``textDocument/inlineCompletion``: ghost text at the cursor (LSP 3.18)."""

from __future__ import annotations

from ..keystroke import Offer, Selected, Wish, suggest
from ..messages import (
    INVOKED,
    Command,
    InlineCompletionItem,
    InlineCompletionList,
    InlineCompletionParams,
    Position,
    Range,
)
from ..names import ACCEPTED
from ..positions import Place
from ..session import Session
from ..suggestions import Suggestion


async def inline_completion(session: Session, params: InlineCompletionParams) -> InlineCompletionList:
    offer = await suggest(session, wish_of(params))
    items = [] if offer is None else [_item(suggestion, offer) for suggestion in offer.suggestions]
    return InlineCompletionList(items=items)


def wish_of(params: InlineCompletionParams) -> Wish:
    context = params.context
    return Wish(
        params.text_document.uri,
        _place(params.position),
        invoked=context.trigger_kind == INVOKED,
        selected=None
        if (info := context.selected_completion_info) is None
        else Selected(_place(info.range.start), _place(info.range.end), info.text),
    )


def _item(suggestion: Suggestion, offer: Offer) -> InlineCompletionItem:
    """An insertion at the cursor: an empty range is drawn inline by every client. Where the menu has an
    item selected, the text begins with that item's and replaces what the item would replace: anything
    else would fight the menu."""
    start, end = offer.snapshot.start, offer.snapshot.end
    return InlineCompletionItem(
        insert_text=offer.snapshot.inserted + suggestion.text,
        range=Range(_position(start), _position(end)),
        command=Command("Accepted", ACCEPTED, arguments=[suggestion.id]),
    )


def _place(position: Position) -> Place:
    return Place(position.line, position.character)


def _position(place: Place) -> Position:
    return Position(place.line, place.column)

"""``textDocument/completion``: the same suggestion as a menu entry, for clients without inline ones."""

from __future__ import annotations

from lsprotocol import types

from ..keystroke import Wish, suggest
from ..names import ACCEPTED
from ..positions import Place, units
from ..session import Session


async def completion(session: Session, params: types.CompletionParams) -> types.CompletionList:
    """One item at most; the list is incomplete, so that the client asks again while typing goes on."""
    place = Place(params.position.line, params.position.character)
    offer = await suggest(session, Wish(params.text_document.uri, place))
    items = []
    if offer is not None:
        suggestion, at = offer.suggestions[0], offer.snapshot.start
        # menus filter by the word before the cursor, so the item has to begin with it
        word = offer.snapshot.word
        start = Place(at.line, at.column - units(word, session.encoding))
        items.append(_item(suggestion.id, word + suggestion.text, start, at))
    return types.CompletionList(is_incomplete=True, items=items)


def _item(id: str, text: str, start: Place, end: Place) -> types.CompletionItem:
    first, _, more = text.partition("\n")
    return types.CompletionItem(
        label=first.strip() + (" …" if more else "") or text.strip().partition("\n")[0] + " …",
        kind=types.CompletionItemKind.Snippet,
        detail="fimble",
        documentation=text,
        filter_text=first,
        sort_text="\0",
        preselect=True,
        text_edit=types.TextEdit(
            types.Range(types.Position(start.line, start.column), types.Position(end.line, end.column)), text
        ),
        command=types.Command("Accepted", ACCEPTED, arguments=[id]),
    )

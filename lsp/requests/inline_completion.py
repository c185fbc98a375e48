"""``textDocument/inlineCompletion``: ghost text at the cursor (LSP 3.18)."""

from __future__ import annotations

from lsprotocol import types

from ..documents import Place
from ..names import ACCEPTED
from ..session import Session
from ..suggesting import suggest
from ..suggestions import Suggestion


async def inline_completion(
    session: Session, params: types.InlineCompletionParams
) -> types.InlineCompletionList:
    invoked = params.context.trigger_kind == types.InlineCompletionTriggerKind.Invoked
    place = Place(params.position.line, params.position.character)
    found = await suggest(session, params.text_document.uri, place, invoked)
    if found is None:
        return types.InlineCompletionList(items=[])
    suggestions, at = found
    return types.InlineCompletionList(items=[_item(suggestion, at) for suggestion in suggestions])


def _item(suggestion: Suggestion, at: Place) -> types.InlineCompletionItem:
    """An insertion at the cursor: an empty range is drawn inline by every client."""
    position = types.Position(at.line, at.column)
    return types.InlineCompletionItem(
        insert_text=suggestion.text,
        range=types.Range(position, position),
        command=types.Command("Accepted", ACCEPTED, arguments=[suggestion.id]),
    )

"""Requests of Hugging Face's llm-ls, so that its clients can start this server instead.

What they say of models, tokens and prompts is passed over: this server has its own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from ..keystroke import Offer, Wish, suggest
from ..limits import SUGGESTION_CHARACTERS
from ..session import Session
from ..suggestions import Suggestion
from . import acceptance
from .fields import field_at, wanted_place, wanted_text


async def get_completions(session: Session, params: object) -> dict[str, Any]:
    """``{textDocument, position}``: the best suggestion, under the name by which it is accepted."""
    wish = Wish(wanted_text(params, "textDocument", "uri"), wanted_place(params, "position"))
    offer = await suggest(session, wish)
    best = in_its_line(offer) if offer is not None else None
    if offer is None or best is None:
        return {"request_id": "", "completions": []}
    session.memory.offer(best)
    rest = rest_of_line(offer) if field_at(params, "ide") == "neovim" else ""
    return {"request_id": best.id, "completions": [{"generated_text": best.text + rest}]}


def in_its_line(offer: Offer) -> Suggestion | None:
    """The best suggestion. Inside a line it has one line, as llm-ls has it there: of several, clients put the
    line's rest behind the first."""
    best, rest = offer.suggestions[0], rest_of_line(offer)
    text = best.text.partition("\n")[0].rstrip() if rest else best.text
    short = len(text) + len(rest) <= SUGGESTION_CHARACTERS
    return replace(best, text=text) if text and short else None


def rest_of_line(offer: Offer) -> str:
    """What stands behind the cursor in its line. Neovim's client shows a text over it and puts it behind what
    was taken, unless that ends with the same characters: so the text has to bring it along."""
    _, rest = offer.snapshot.line
    return rest if rest.strip() else ""


async def accepted(session: Session, params: object) -> None:
    """``{requestId}``: all of it was taken."""
    acceptance.accepted(session, wanted_text(params, "requestId"))


async def rejected(session: Session, params: object) -> None:
    """``{requestId}``: it was shown, and is not any more. Clients say so with every key, also with one that
    it begins with; the text tells later what became of it."""
    session.statistics.shown(wanted_text(params, "requestId"))


_REQUESTS: dict[str, Callable[[Session, object], Awaitable[dict[str, Any] | None]]] = {
    "llm-ls/getCompletions": get_completions,
    "llm-ls/acceptCompletion": accepted,
    "llm-ls/rejectCompletion": rejected,
}


async def answer(session: Session, method: str, params: object) -> dict[str, Any] | None:
    """Answer a request by its method."""
    return await _REQUESTS[method](session, params)

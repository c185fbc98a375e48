"""``n_indent``: a text ends before a line that begins farther left than the cursor's."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from fimble.engine.types import Completion, Delta


def indented(text: str, least: int) -> str:
    """The text up to its first new line with less than so much white space ahead of its first character.
    Blank lines say nothing."""
    at = text.find("\n")
    while at >= 0:
        line = text[at + 1 :].partition("\n")[0]
        if line.strip() and len(line) - len(line.lstrip()) < least:
            return text[:at]
        at = text.find("\n", at + 1)
    return text


def kept(made: Completion, least: int) -> Completion:
    """The whole answer, as far as it is indented so much."""
    text = indented(made.text, least) if least else made.text
    return made if text == made.text else replace(made, text=text, finish_reason="stop")


async def indented_deltas(deltas: AsyncGenerator[Delta], least: int) -> AsyncGenerator[Delta]:
    """The pieces of a text that ends where :func:`indented` ends it. What is behind the last line break waits
    until it is known to stay."""
    seen = shown = ""
    async with aclosing(deltas):
        async for delta in deltas:
            if not least:
                yield delta
                continue
            seen += delta.text
            kept_text = indented(seen, least)
            ended = delta.finish_reason is not None
            cut = kept_text != seen
            sure = kept_text if cut or ended else _sure(seen)
            piece, shown = sure[len(shown) :], sure if len(sure) > len(shown) else shown
            if cut or ended:
                yield replace(delta, text=piece, finish_reason="stop" if cut else delta.finish_reason)
                return
            if piece:
                yield replace(delta, text=piece)


def _sure(text: str) -> str:
    """What of a growing text no later character can take away: not a last line that is blank so far."""
    head, newline, line = text.rpartition("\n")
    if not newline or line.strip():
        return text
    return head.rstrip(" \t\r\n") if not head.strip() else head.rstrip()

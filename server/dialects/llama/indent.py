"""``n_indent``: a text ends before a line that begins farther left than the cursor's."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from fimble.engine.tokens import TokenLogprob
from fimble.engine.types import Completion, Delta


class Indented:
    """A growing text, as far as each of its new lines has ``least`` characters of white space ahead. Blank
    lines wait for what follows them."""

    def __init__(self, least: int) -> None:
        self._least = least
        self._waiting = ""
        self.length = 0
        """Characters that were let through."""
        self.ended = False

    def feed(self, text: str) -> str:
        """What may be shown now."""
        shown, text = "", self._waiting + text
        while text and not self.ended:
            line, newline, rest = text.partition("\n")
            shown, text = shown + line, newline + rest
            inside = text.lstrip(" \t\r\n")
            if not inside:
                break
            blank = text[: len(text) - len(inside)]
            self.ended = len(blank) - blank.rfind("\n") - 1 < self._least
            shown, text = shown + ("" if self.ended else blank), inside
        self._waiting = text
        self.length += len(shown)
        return shown

    def finish(self) -> str:
        """What waited, where nothing follows any more."""
        shown = "" if self.ended else self._waiting
        self.length += len(shown)
        return shown


def kept(made: Completion, least: int) -> Completion:
    """The whole answer, as far as it is indented so much."""
    if not least:
        return made
    reader = Indented(least)
    text = reader.feed(made.text) + reader.finish()
    if text == made.text:
        return made
    inside = tuple(each for each in made.logprobs if each.offset < len(text))
    return replace(made, text=text, finish_reason="stop", logprobs=inside)


async def indented_deltas(deltas: AsyncGenerator[Delta], least: int) -> AsyncGenerator[Delta]:
    """The pieces of a text that ends where :func:`kept` ends it."""
    reader, told = Indented(least), tuple[TokenLogprob, ...]()
    async with aclosing(deltas):
        async for delta in deltas:
            if not least:
                yield delta
                continue
            text, told = reader.feed(delta.text), (*told, *delta.logprobs)
            reason = "stop" if reader.ended else delta.finish_reason
            if reason is not None:
                text += reader.finish()
            shown = tuple(each for each in told if each.offset < reader.length)
            if text or reason is not None:
                yield replace(delta, text=text, finish_reason=reason, logprobs=shown)
                told = told[len(shown) :]
            if reason is not None:
                return

"""A file while somebody types into it, cut to what clients send of it: the lines around the cursor."""

from __future__ import annotations

import json

from fimble.engine.types import FimRequest

from .replay import Passage

LINES_ABOVE, LINES_BELOW = 256, 64
"""As llama.vim has it by default; both servers are sent the same text."""


class Sheet:
    """A passage's file with the cursor where its typing begins."""

    def __init__(self, place: Passage, name: str = "") -> None:
        self.name = name or place.name
        *self._above, self.line = place.before.split("\n")
        rest, *below = place.after.split("\n")
        self.below = "".join(line + "\n" for line in [rest, *below[:LINES_BELOW]])
        """What is right of the cursor, and the lines below."""
        self._cut()

    def type(self, key: str) -> None:
        if key != "\n":
            self.line += key
            return
        self._above.append(self.line)
        self.line = ""
        self._cut()

    def hole(self, document: str | None = None) -> FimRequest:
        """What the engine is asked at the cursor."""
        before = self.above + self.line
        return FimRequest(before, self.below, "python", document=document, left_out=self.left_out)

    def body(self, document: str | None = None) -> bytes:
        """What ``POST /complete`` is asked at the cursor, with details."""
        body = {
            "prefix": self.above + self.line, "suffix": self.below, "language": "python",
            "document": document, "left_out": self.left_out, "details": True,
        }  # fmt: skip
        return json.dumps(body).encode()

    def _cut(self) -> None:
        kept = self._above[-LINES_ABOVE:]
        self.above = "".join(line + "\n" for line in kept)
        """The lines above the cursor's, each with its end."""
        self.left_out = sum(len(line) + 1 for line in self._above[:-LINES_ABOVE])
        """Characters of the file ahead of them."""

"""Whether a text that is shown would break the document."""

from __future__ import annotations

from functools import lru_cache

from fimble.engine.syntax.languages import LanguageSpec
from fimble.engine.syntax.tree import SyntaxTree

from .passages import Place


class Parses:
    """Parse errors of a file with and without a text, over the whole file."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def with_text(self, at: int, text: str) -> bool:
        """Whether the file with ``at`` characters of its passage has no more errors with the text."""
        place = self._place
        before = place.before + place.typed[:at]
        return errors(place.spec, before + text + place.after) <= errors(place.spec, before + place.after)


@lru_cache(64)
def errors(spec: LanguageSpec, text: str) -> int:
    return SyntaxTree(spec, text.encode()).errors()

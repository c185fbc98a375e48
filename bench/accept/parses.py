"""Whether a text that is shown would break the document.

In the middle of a line brackets are open, and counts of errors mean little: a third of the right texts, as
``hname`` after ``names[find(``, has one more than the document without it. So what is open in the cursor's
line may be taken to be closed behind the text.
"""

from __future__ import annotations

from functools import lru_cache

from fimble.engine.syntax.languages import LanguageSpec
from fimble.engine.syntax.tree import SyntaxTree
from fimble.engine.trim.brackets import closers_for

from .passages import Place


class Parses:
    """Parse errors of a file with and without a text, over the whole file."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def with_text(self, at: int, text: str) -> bool:
        """Whether the file with ``at`` characters of its passage has no more errors with the text."""
        place = self._place
        before = place.before + place.typed[:at]
        without = errors(place.spec, before + place.after)
        line = before.rpartition("\n")[2]
        closers = dict.fromkeys(["", closers_for(text), closers_for(line + text)])
        return any(errors(place.spec, before + text + each + place.after) <= without for each in closers)


@lru_cache(64)
def errors(spec: LanguageSpec, text: str) -> int:
    return SyntaxTree(spec, text.encode()).errors()
